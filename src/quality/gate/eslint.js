// The configuration of eslint for each file, from its own API, which `--print-config` prints.
const isFlat = (name) => /^eslint\.config\.[cm]?[jt]s$/.test(name);
const isLegacy = (name) => /^\.eslintrc(\.(js|cjs|json|ya?ml))?$/.test(name);
const ofScripts = /\.([cm]?[jt]sx?|vue|svelte|astro)$/;

const pluginNames = (name) => {
  if (name[0] !== '@') return ['eslint-plugin-' + name, name];
  const [scope, rest] = name.split('/');
  return rest === undefined ? [scope + '/eslint-plugin', name] : [scope + '/eslint-plugin-' + rest, name];
};

// The version of eslint itself is told apart; its own parsers and plugins have it.
const parserOf = (parser, base) => {
  if (parser === undefined || parser === null) return undefined;
  return origin(parser, [], base) || plain(parser);
};

const flatConfig = (config, base) => {
  const told = { plugins: {}, settings: plain(config.settings), linterOptions: plain(config.linterOptions), rules: {} };
  for (const [name, plugin] of Object.entries(config.plugins || {})) {
    if (name !== '@') told.plugins[name] = origin(plugin, pluginNames(name), base) || 'of its own';
  }
  const { globals, parser, parserOptions, ...rest } = config.languageOptions || {};
  const { parser: inner, ...others } = parserOptions || {};
  told.languageOptions = plain(rest);
  told.languageOptions.parser = parserOf(parser, base);
  told.languageOptions.parserOptions = plain(others);
  if (inner) told.languageOptions.parserOptions.parser = parserOf(inner, base);
  told.globals = plain(globals || {});
  if (typeof config.language === 'string') told.language = config.language;
  const { processor } = config;
  if (processor) told.processor = typeof processor === 'string' ? processor : origin(processor, [], base) || 'of its own';
  told.rules = plain(config.rules || {});
  return told;
};

const legacyConfig = (config, base) => {
  const told = plain(config);
  told.plugins = {};
  for (const name of config.plugins || []) told.plugins[name] = origin(null, pluginNames(name), base) || 'not installed';
  told.parser = config.parser ? parserOf(config.parser, base) : undefined;
  return told;
};

// All files of the older kind that bear on a file, from the nearest to the one that calls itself the root.
const legacyFiles = (file) => {
  const found = [];
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    let names = [];
    try { names = fs.readdirSync(at); } catch { /* Then nothing in it decides. */ }
    const name = names.filter(isLegacy).sort()[0] || (names.includes('package.json') && (parsed(path.join(at, 'package.json')) || {}).eslintConfig ? 'package.json' : null);
    if (name) {
      found.push(path.join(at, name));
      if (/["']?root["']?\s*:\s*true/.test(text(path.join(at, name)) || '')) return found;
    }
    if (at === path.dirname(at)) return found;
  }
};

const severities = { 0: /\b(off|0)\b/, 1: /\b(warn|1)\b/, 2: /\b(error|2)\b/ };

answer(async () => {
  const groups = byFolder(asked, 'eslint', isFlat);
  const tools = installed(groups, 'eslint');
  const { told, add } = shared();
  // A package that turns hundreds of rules off decides none of them alone.
  const place = (config, texts, file) => {
    const own = texts.filter((one) => !one.file.includes('node_modules'));
    for (const [rule, setting] of Object.entries(config.rules || {})) {
      const level = { off: 0, warn: 1, error: 2 }[[setting].flat()[0]] ?? [setting].flat()[0];
      if (severities[level]) decide('rules.' + rule, line(level ? texts : own, rule, severities[level]), file);
    }
  };
  if (!tools.some((tool) => tool.version)) return { tools };
  for (const [base, files] of groups) {
    const found = find('eslint', base);
    if (!found) continue;
    process.chdir(base);
    const own = createRequire(path.join(base, 'x.js'));
    const major = parseInt(found.version, 10);
    let { ESLint } = own('eslint');
    let flat = major >= 9;
    if (major < 10 && (major === 8 || process.env.ESLINT_USE_FLAT_CONFIG === 'false')) {
      const risk = own('eslint/use-at-your-own-risk');
      flat = risk.shouldUseFlatConfig ? await risk.shouldUseFlatConfig() : false;
      ESLint = (flat ? risk.FlatESLint : risk.LegacyESLint) || ESLint;
    }
    const eslint = new ESLint({ cwd: base });
    const texts = new Map();
    for (const file of files) {
      if (!flat && !ofScripts.test(file)) continue;
      let config = null;
      const about = { version: found.version };
      try {
        config = await eslint.calculateConfigForFile(file);
        about.ignored = await eslint.isPathIgnored(file);
      } catch (error) {
        if (!/Could not find config file|No ESLint configuration found/.test(error && error.message)) throw error;
        add(file, { ...about, configFile: 'none' });
        continue;
      }
      if (!config && !about.ignored) continue;
      if (!config && !ofScripts.test(file)) continue;
      let decides = [];
      if (!flat) decides = legacyFiles(file);
      else if (eslint.findConfigFile) decides = [await eslint.findConfigFile(file)].filter(Boolean);
      about.configFile = decides.map(relative).join(', ') || undefined;
      if (about.ignored || !config) { add(file, about); continue; }
      config = flat ? flatConfig(config, base) : legacyConfig(config, base);
      add(file, { ...about, ...config });
      const key = decides.join('\n');
      if (!texts.has(key)) texts.set(key, decides.flatMap(sources));
      place(config, texts.get(key), file);
      if (decides.length) decide('', relative(decides[0]));
    }
  }
  return { tools, ...told, decided };
});
