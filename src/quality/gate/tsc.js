// The configurations of tsc as `--showConfig` prints them: what they extend is in them, and the files that they hold are not,
// since those follow the tree.
const isConfig = (name) => /^tsconfig(\..+)?\.json$/.test(name);
const { execFile } = require('node:child_process');

// Since its seventh version tsc is no program of Node's, and is asked as anyone would.
const shown = async (found, file) => {
  const locate = await import(pathToFileURL(path.join(found.folder, 'lib/getExePath.js')).href);
  const program = locate.default();
  return new Promise((resolve, reject) => {
    const options = { cwd: path.dirname(file), maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] };
    execFile(program, ['--showConfig', '-p', file], options, (error, stdout, stderr) => {
      try { resolve(JSON.parse(stdout)); } catch {
        const why = (stdout + stderr).split('\n').find(Boolean) || (error && error.message);
        // One that holds no files yet is still one.
        if (/TS18003/.test(why)) resolve({ holdsNothing: true }); else reject(new Error(why));
      }
    });
  });
};

const converted = (ts, file) => {
  const sys = { ...ts.sys, readDirectory: () => [], getCurrentDirectory: () => path.dirname(file) };
  const problems = [];
  const host = { ...sys, onUnRecoverableConfigFileDiagnostic: (problem) => problems.push(problem) };
  const config = ts.getParsedCommandLineOfConfigFile(file, {}, host);
  if (config) problems.push(...config.errors.filter((problem) => ![18002, 18003].includes(problem.code)));
  if (problems.length) throw new Error(relative(file) + ': ' + ts.flattenDiagnosticMessageText(problems[0].messageText, ' '));
  const shown = ts.convertToTSConfig(config, file, sys);
  // What follows from these options and the version alone would be told many times over.
  for (const name of Object.keys(shown.compilerOptions)) if (!(name in config.options)) delete shown.compilerOptions[name];
  return shown;
};

answer(async () => {
  const seen = new Set(asked.flatMap(folders));
  const files = [];
  for (const folder of [...seen].sort()) {
    let names = [];
    try { names = fs.readdirSync(folder); } catch { /* It is not there, and holds none. */ }
    for (const name of names.filter(isConfig).sort()) files.push(path.join(folder, name));
  }
  const bases = new Map([[top, []]]);
  for (const file of files) {
    const base = folders(path.relative(top, file)).find((folder) => asksFor(folder, 'typescript')) || top;
    if (!bases.has(base)) bases.set(base, []);
    bases.get(base).push(file);
  }
  if (bases.size > 1 && !bases.get(top).length && !asksFor(top, 'typescript')) bases.delete(top);
  const tools = installed(bases, 'typescript', 'tsc');
  const { told, add } = shared();
  const whole = { configurations: files.map(relative).sort().join(', ') || 'none' };
  for (const [base, files] of bases) {
    const found = find('typescript', base);
    if (!found) continue;
    const library = path.join(found.folder, 'lib/typescript.js');
    const ts = exists(library) ? require(library) : null;
    const configs = await Promise.all(files.slice(0, 60).map((file) => (ts ? converted(ts, file) : shown(found, file))));
    files.slice(0, 60).forEach((file, number) => {
      const { files: _, ...config } = plain(configs[number]);
      const texts = sources(file);
      for (const name of Object.keys(config.compilerOptions || {})) decide('compilerOptions.' + name, line(texts, name), file);
      decide('', relative(file));
      add(file, config);
    });
  }
  return { tools, ...told, decided, whole };
});
