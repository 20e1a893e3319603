// The rules of commitlint, from the loader that its `--print-config` uses.
const names = /^(\.commitlintrc(\.(json|ya?ml|[cm]?[jt]s))?|commitlint\.config\.[cm]?[jt]s)$/;

answer(async () => {
  const base = baseOf('@commitlint/cli');
  const tools = installed(new Map([[base, []]]), '@commitlint/cli', 'commitlint');
  const found = find('@commitlint/cli', base);
  if (!found) return { tools };
  const own = createRequire(path.join(found.folder, 'x.js'));
  let load = await import(pathToFileURL(own.resolve('@commitlint/load')).href);
  while (load && typeof load !== 'function') load = load.default;
  const config = await load({}, { cwd: base });
  let file = null;
  for (let at = base; !file; at = path.dirname(at)) {
    const name = fs.readdirSync(at).sort().find((one) => names.test(one) || (one === 'package.json' && (parsed(path.join(at, one)) || {}).commitlint));
    if (name) file = path.join(at, name);
    if (at === path.dirname(at)) break;
  }
  const { rules, plugins, prompt, extends: bases, parserPreset, formatter, ...rest } = config;
  const whole = { ...plain(rest), configFile: file ? relative(file) : 'none', rules: plain(rules), plugins: {} };
  const from = file ? path.dirname(file) : base;
  const packageNamed = (name) => origin(null, [name, 'commitlint-config-' + name, name.replace(/^(@[^/]+)$/, '$1/commitlint-config')], from);
  whole.extends = [bases].flat().filter(Boolean).map((name) => (/^[./]/.test(name) ? relative(path.resolve(from, name)) : packageNamed(name) || name));
  for (const [name, plugin] of Object.entries(plugins || {})) {
    const usual = [name, name.replace(/^(@[^/]+\/)?(?!commitlint-plugin)/, '$1commitlint-plugin-')];
    whole.plugins[name] = name === 'local' ? plain(plugin.rules) : origin(plugin, usual, from) || plain(plugin.rules);
  }
  if (parserPreset) {
    const { path: _, name, ...options } = typeof parserPreset === 'object' ? parserPreset : { name: parserPreset };
    whole.parserPreset = { ...plain(options), name: name && (origin(null, [name, 'conventional-changelog-' + name], from) || named(name)) };
  }
  if (formatter) whole.formatter = origin(null, [formatter], from) || named(formatter);
  if (file) {
    decide('', relative(file));
    const texts = sources(file);
    for (const rule of Object.keys(rules || {})) decide('rules.' + rule, line(texts, rule));
  }
  return { tools, whole, decided };
});
