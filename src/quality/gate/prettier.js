// The options of prettier for each file, from its own API: its configuration files, overrides and .editorconfig together.
answer(async () => {
  const groups = byFolder(asked, 'prettier', () => false);
  const tools = installed(groups, 'prettier');
  const { told, add } = shared();
  for (const [base, files] of groups) {
    const found = find('prettier', base);
    if (!found) continue;
    process.chdir(base);
    const own = createRequire(path.join(base, 'x.js'));
    let prettier = own('prettier');
    if (!prettier.resolveConfig && prettier.default) prettier = prettier.default;
    const ignorePath = parseInt(found.version, 10) >= 3
      ? [path.join(base, '.gitignore'), path.join(base, '.prettierignore')] : path.join(base, '.prettierignore');
    const texts = new Map();
    for (const file of files) {
      const options = (await prettier.resolveConfig(file, { editorconfig: true })) || {};
      const configFile = await prettier.resolveConfigFile(file);
      const info = await prettier.getFileInfo(file, { ignorePath, plugins: options.plugins || [], resolveConfig: true });
      const { plugins, parser, ...rest } = options;
      if (!info.ignored && !info.inferredParser && !parser) continue;
      const about = { configFile: configFile ? relative(configFile) : 'none' };
      if (info.ignored) { add(file, { ignored: true, ...about }); continue; }
      about.parser = typeof parser === 'function' ? plain(parser) : parser || info.inferredParser;
      const from = configFile ? path.dirname(configFile) : base;
      about.plugins = {};
      for (const plugin of plugins || []) {
        const name = typeof plugin === 'string' ? plugin : (origin(plugin, [], from) || 'of its own').replace(/(?!^)@[^@/]*$/, '');
        about.plugins[relative(name)] = origin(plugin, [path.resolve(from, String(name))], from) || 'of its own';
      }
      add(file, { ...about, options: plain(rest) });
      if (!configFile) continue;
      decide('', relative(configFile));
      if (!texts.has(configFile)) texts.set(configFile, sources(configFile));
      for (const name of Object.keys(rest)) decide('options.' + name, line(texts.get(configFile), name), file);
    }
  }
  return { tools, ...told, decided };
});
