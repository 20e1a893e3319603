// The commands of lint-staged, by its own rules of finding them: for each staged file the nearest configuration counts.
const names = ['.lintstagedrc', '.lintstagedrc.cjs', '.lintstagedrc.cts', '.lintstagedrc.js', '.lintstagedrc.json', '.lintstagedrc.mjs',
  '.lintstagedrc.mts', '.lintstagedrc.ts', '.lintstagedrc.yaml', '.lintstagedrc.yml', 'lint-staged.config.cjs', 'lint-staged.config.cts',
  'lint-staged.config.js', 'lint-staged.config.mjs', 'lint-staged.config.mts', 'lint-staged.config.ts', 'package.json', 'package.yaml', 'package.yml'];

const yaml = (content, found) => {
  try { return JSON.parse(content); } catch { /* Then it is YAML. */ }
  const own = createRequire(path.join(found.folder, 'x.js'));
  return own('yaml').parse(content);
};

const load = async (file, found) => {
  const name = path.basename(file);
  if (name === 'package.json') return (parsed(file) || {})['lint-staged'];
  if (/^package\.ya?ml$/.test(name)) return (yaml(text(file), found) || {})['lint-staged'];
  if (/\.[cm]?[jt]s$/.test(name)) return (await import(pathToFileURL(file).href)).default;
  return name.endsWith('.json') ? JSON.parse(text(file)) : yaml(text(file), found);
};

answer(async () => {
  const base = baseOf('lint-staged');
  const groups = new Map([[base, []]]);
  const tools = installed(groups, 'lint-staged');
  const found = find('lint-staged', base);
  const { told, add } = shared();
  const whole = { configurations: [] };
  if (found) {
    for (const folder of [...new Set([top, ...asked.flatMap(folders)])].sort()) {
      let inside = [];
      try { inside = fs.readdirSync(folder); } catch { /* It is not there, and holds none. */ }
      for (const name of names.filter((one) => inside.includes(one))) {
        const file = path.join(folder, name);
        const config = await load(file, found);
        if (!config) continue;
        whole.configurations.push(relative(file));
        decide('', relative(file));
        const tasks = typeof config === 'function' ? { 'all files': config } : config;
        const texts = sources(file);
        for (const pattern of Object.keys(tasks)) decide(pattern, line(texts, pattern), file);
        add(file, { tasks: plain(tasks) });
        break;
      }
    }
  }
  whole.configurations = whole.configurations.join(', ') || 'none';
  return { tools, ...told, decided, whole };
});
