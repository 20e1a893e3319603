// The configuration of biome by its own rules: the nearest file counts, with what it extends below it. biome has no way of
// printing what it would apply.
const isConfig = (name) => /^\.?biome\.jsonc?$/.test(name);
const ofBiome = /\.([cm]?[jt]sx?|jsonc?|css|s[ca]ss|graphql|gql|html|vue|svelte|astro|grit)$/;

const json = (file) => {
  const code = text(file);
  if (code === null) throw new Error(relative(file) + ' cannot be read');
  const without = code.replace(/^\uFEFF/, '').replace(/("(?:\\.|[^"\\])*")|\/\*[^]*?\*\/|\/\/[^\n]*/g, (_, string) => string || ' ');
  try { return JSON.parse(without.replace(/("(?:\\.|[^"\\])*")|,(\s*[}\]])/g, (_, string, end) => string || end)); } catch (error) {
    throw new Error(relative(file) + ': ' + error.message);
  }
};
const isTable = (value) => value && typeof value === 'object' && !Array.isArray(value);
const merged = (below, above) => {
  const result = { ...below };
  for (const [name, value] of Object.entries(above)) {
    if (isTable(value) && isTable(result[name])) result[name] = merged(result[name], value);
    else if (name === 'overrides' && Array.isArray(value)) result[name] = [...(result[name] || []), ...value];
    else result[name] = value;
  }
  return result;
};

const nearest = (folder) => {
  for (let at = folder; ; at = path.dirname(at)) {
    let names = [];
    try { names = fs.readdirSync(at); } catch { /* It is not there, and holds none. */ }
    const name = ['biome.json', 'biome.jsonc', '.biome.json', '.biome.jsonc'].find((one) => names.includes(one));
    if (name) return path.join(at, name);
    if (at === path.dirname(at)) return null;
  }
};

// A configuration with all that it extends, and the files that it is made of, itself first.
const whole = (file, above = []) => {
  if (above.includes(file)) throw new Error(relative(file) + ' extends itself');
  const own = json(file);
  const { extends: names, $schema, root, ...rest } = own;
  let config = {};
  const files = [file];
  for (const name of [names].flat().filter(Boolean)) {
    let next = null;
    if (name === '//') {
      for (let at = nearest(path.dirname(path.dirname(file))); at; at = nearest(path.dirname(path.dirname(at)))) {
        next = at;
        if (json(at).root !== false) break;
      }
      if (!next) throw new Error(relative(file) + ' extends a root that is not there');
    } else if (/^\.{0,2}\//.test(name) || /\.jsonc?$/.test(name) && exists(path.resolve(path.dirname(file), name))) {
      next = path.resolve(path.dirname(file), name);
    } else {
      next = createRequire(file).resolve(name);
    }
    const below = whole(next, [...above, file]);
    config = merged(config, below.config);
    files.push(...below.files);
  }
  return { config: merged(config, rest), files };
};

answer(async () => {
  const base = baseOf('@biomejs/biome');
  const groups = new Map([[base, []]]);
  const tools = installed(groups, '@biomejs/biome', 'biome');
  const { told, add } = shared();
  const known = new Map();
  const found = find('@biomejs/biome', base);
  const details = {};
  if (found) {
    // Its program comes in a package for each kind of machine.
    const parts = Object.keys(found.about.optionalDependencies || {}).filter((name) => name.includes(process.platform + '-' + process.arch));
    if (parts.length && !parts.some((name) => find(name, found.folder))) details.program = 'not installed for this system';
  }
  for (const name of asked.filter((one) => ofBiome.test(one))) {
    const file = nearest(path.dirname(path.join(top, name)));
    if (!file) { add(path.join(top, name), { configFile: 'none' }); continue; }
    if (!known.has(file)) known.set(file, whole(file));
    const { config, files } = known.get(file);
    add(path.join(top, name), { configFile: relative(file), ...plain(config) });
    decide('', relative(file));
    const texts = files.map((one) => ({ file: one, lines: (text(one) || '').split('\n') }));
    const place = (below, table) => {
      for (const [key, value] of Object.entries(table)) {
        const leaf = below ? below + '.' + key : key;
        if (isTable(value) && !('level' in value)) place(leaf, value);
        else decide(leaf, line(texts, key), path.join(top, name));
      }
    };
    place('', config);
  }
  return { tools, ...told, decided, whole: details };
});
