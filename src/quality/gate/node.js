// What all questions share that a tool of Node's answers: it is found as Node finds it, asked inside this process, and what
// it says is made into JSON that holds no path of this machine.
//
// The answer goes to descriptor 3. What a configuration prints while it is loaded goes nowhere.
const fs = require('node:fs');
const path = require('node:path');
const crypto = require('node:crypto');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');

const asked = process.argv.slice(1);
const real = (file) => { try { return fs.realpathSync(file); } catch { return file; } };
const exists = (file) => fs.existsSync(file);
const text = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch { return null; } };
const parsed = (file) => { try { return JSON.parse(text(file)); } catch { return null; } };
const top = process.cwd();
const realTop = real(top);
const home = process.env.HOME || '/';

// Paths of this machine as any other would name them: the repository as `.`, the home as `~`.
const places = [...new Set([top, realTop])].map((from) => [from, '.'])
  .concat([...new Set([home, real(home)])].filter((from) => from.length > 1).map((from) => [from, '~']));
const named = (value) => {
  for (const [from, to] of places) {
    for (const start of [pathToFileURL(from).href, from]) {
      let at = value.indexOf(start);
      while (at >= 0) {
        const after = value[at + start.length];
        const ends = after === undefined || /[^\w.@-]/.test(after);
        if (ends) value = value.slice(0, at) + to + value.slice(at + start.length);
        at = value.indexOf(start, at + 1);
      }
    }
  }
  return value.startsWith('./') ? value.slice(2) : value;
};
const relative = (file) => {
  const inside = path.relative(realTop, path.join(real(path.dirname(file)), path.basename(file)));
  return inside && !inside.startsWith('..') && !path.isAbsolute(inside) ? inside : named(file);
};

const digest = (value) => crypto.createHash('sha256').update(value).digest('hex');

// A program without its comments and without what only lays it out.
const bare = (code) => code
  .replace(/("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[^]*?\*\/|\/\/[^\n]*/g, (_, string) => string || ' ')
  .replace(/\s+/g, ' ').replace(/ ?([{}()[\];:,=<>+*?&|!]) ?/g, '$1').replace(/,([}\])])/g, '$1').replace(/;}/g, '}').trim();

// A value as JSON can say it, and the same on any machine. A function is its source.
const plain = (value, above = []) => {
  switch (typeof value) {
    case 'string': return named(value);
    case 'function': {
      const source = bare(named(String(value)));
      return source.length > 120 ? source.slice(0, 80) + '… ' + digest(source).slice(0, 16) : source;
    }
    case 'bigint': case 'symbol': return String(value);
    case 'number': return Number.isFinite(value) ? value : String(value);
    case 'object': break;
    default: return value;
  }
  if (value === null) return null;
  if (value instanceof RegExp || value instanceof Date || value instanceof URL) return named(String(value));
  if (above.includes(value)) return 'itself';
  if (above.length > 20) return 'deeper than is looked';
  const within = [...above, value];
  if (value instanceof Map) value = Object.fromEntries(value);
  if (value instanceof Set) value = [...value];
  if (Array.isArray(value)) return value.map((one) => { const told = plain(one, within); return told === undefined ? null : told; });
  const table = {};
  for (const name of Object.keys(value).sort()) table[named(name)] = plain(value[name], within);
  return table;
};

// The package that a file belongs to.
const packages = new Map();
const packageOf = (file) => {
  const folder = path.dirname(file);
  if (packages.has(folder)) return packages.get(folder);
  const about = parsed(path.join(folder, 'package.json'));
  let found = null;
  if (about && about.name && about.version) found = { name: about.name, version: about.version, folder, about };
  else if (folder !== path.dirname(folder)) found = packageOf(folder);
  packages.set(folder, found);
  return found;
};

// A package as a file in this folder would find it.
const find = (name, folder) => {
  const own = createRequire(path.join(folder, 'x.js'));
  for (const wanted of [name + '/package.json', name]) {
    try {
      const found = packageOf(own.resolve(wanted));
      if (found && found.name === name) return found;
    } catch { /* It may keep that to itself, or not be there. */ }
  }
  for (let at = folder; ; at = path.dirname(at)) {
    const about = parsed(path.join(at, 'node_modules', name, 'package.json'));
    if (about && about.version) return { name: about.name || name, version: about.version, folder: real(path.join(at, 'node_modules', name)), about };
    if (at === path.dirname(at)) return null;
  }
};
const versioned = (found) => found && found.name + '@' + found.version;

// What a plugin, a parser or the like is called: by the file that it was loaded from, by itself, or by its usual name.
const origin = (object, names, folder) => {
  if (typeof object === 'string') names = [object, ...names];
  else if (object) {
    for (const file of Object.keys(require.cache)) {
      const told = require.cache[file] && require.cache[file].exports;
      if (told && (told === object || told.default === object)) return versioned(packageOf(file));
    }
    const { name, version } = object.meta || object;
    if (typeof name === 'string' && typeof version === 'string') return named(name) + '@' + version;
  }
  for (const name of names) {
    if (path.isAbsolute(name) && exists(name)) return versioned(packageOf(real(name))) || named(name);
    const found = !/^[./]/.test(name) && find(name, folder);
    if (found) return versioned(found);
  }
  return null;
};

// The folders from the one that holds a file up to the repository's.
const folders = (file) => {
  const list = [];
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    list.push(path.join(top, at));
    if (at === '.' || at === path.dirname(at)) return list;
  }
};
const asksFor = (folder, name) => {
  const about = parsed(path.join(folder, 'package.json')) || {};
  for (const kind of ['devDependencies', 'dependencies', 'optionalDependencies', 'peerDependencies']) {
    if (about[kind] && typeof about[kind][name] === 'string') return about[kind][name];
  }
  return null;
};

// The folder that a tool is started in for the repository as a whole: the first that asks for it, the top before all.
const baseOf = (name) => [...new Set([top, ...asked.flatMap(folders)])].sort().find((folder) => asksFor(folder, name) !== null) || top;

// Files by the folder that a tool is started in for them: the nearest that asks for it or holds its configuration.
const byFolder = (files, name, isConfig) => {
  const known = new Map();
  const decides = (folder) => {
    if (!known.has(folder)) {
      let names = [];
      try { names = fs.readdirSync(folder); } catch { /* It is not there, and decides nothing. */ }
      known.set(folder, asksFor(folder, name) !== null || names.some((one) => isConfig(one, folder)));
    }
    return known.get(folder);
  };
  const groups = new Map();
  for (const file of files) {
    const base = folders(file).find(decides) || top;
    if (!groups.has(base)) groups.set(base, []);
    groups.get(base).push(path.join(top, file));
  }
  if (!groups.size) groups.set(top, []);
  return groups;
};

// What lies in node_modules/.bin under a tool's name: what it starts, and whether it can be started.
const command = (name, found, base) => {
  for (let at = base; ; at = path.dirname(at)) {
    const file = path.join(at, 'node_modules/.bin', name);
    let link = null;
    try { link = fs.lstatSync(file); } catch { /* Perhaps further up. */ }
    if (link) {
      let leads = real(file);
      if (!exists(file)) return 'leads nowhere';
      try { fs.accessSync(file, fs.constants.X_OK); } catch { return 'may not be executed'; }
      if (!link.isSymbolicLink()) {
        const within = /"\$basedir\/([^"]+)"\s+"\$@"/.exec(text(file) || '');
        if (within) leads = real(path.join(path.dirname(file), within[1]));
      }
      const owner = packageOf(leads);
      const inside = owner && !path.relative(owner.folder, leads).startsWith('..');
      if (inside && owner.name === found.name) return owner.name + '/' + path.relative(owner.folder, leads);
      return 'another program, ' + digest(text(leads) || '').slice(0, 16);
    }
    if (at === path.dirname(at)) return 'not there';
  }
};

// The tool as it is asked for and installed, in each folder that it is started in.
const installed = (groups, name, bin) => {
  const tools = [];
  for (const base of groups.keys()) {
    const found = find(name, base);
    const range = folders(path.relative(top, base) + '/x').map((folder) => asksFor(folder, name)).find((one) => one) || null;
    const at = path.relative(top, base) || '.';
    if (!found) tools.push({ at, asked: range, version: null });
    else tools.push({ at, asked: range, version: found.version, bin: bin || name, command: command(bin || name, found, base) });
  }
  return tools;
};

// Values that many files share are told once.
const shared = () => {
  const numbers = new Map();
  const told = { configs: [], files: {} };
  const add = (file, config) => {
    const key = JSON.stringify(config);
    if (!numbers.has(key)) { numbers.set(key, told.configs.length); told.configs.push(config); }
    told.files[relative(file)] = numbers.get(key);
  };
  return { told, add };
};

// The texts that a configuration is made of: a file, and what it names that can be found, nearest first.
const sources = (file) => {
  const list = [];
  const look = (at, deep) => {
    if (list.length > 40 || list.some((one) => one.file === at)) return;
    const code = text(at);
    if (code === null || code.length > 1 << 20) return;
    list.push({ file: at, lines: code.split('\n') });
    const own = createRequire(at);
    const names = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|["']?extends["']?\s*:\s*\[?\s*)["']([^"'\n]+)["']/g);
    for (const [, name] of names) {
      const local = /^\.{1,2}\//.test(name);
      if (!local && (deep > 0 || /^(node:|@eslint\/js$|typescript-eslint$)/.test(name))) continue;
      for (const wanted of local ? [name, name + '.json'] : [name, 'eslint-config-' + name]) {
        try {
          const found = own.resolve(wanted);
          if (path.isAbsolute(found)) look(found, local ? deep : deep + 1);
          break;
        } catch { /* Then its lines are not known. */ }
      }
    }
  };
  if (file) look(file, 0);
  return list;
};

// The line that decides a leaf: the last that names it with its value, in the first text that has one, else the last that
// names it.
const line = (texts, name, value) => {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, (one) => "\\" + one);
  const bare = /^[A-Za-z_$][\w$]*$/.test(name) ? escaped : "(?!)";
  const spelt = new RegExp("(?:[\"\\x27`]" + escaped + "[\"\\x27`]|(?:^|[{,\\s])" + bare + ")\\s*:(.*)");
  let any = null;
  for (const { file, lines } of texts) {
    for (let number = lines.length; number > 0; number -= 1) {
      const found = spelt.exec(lines[number - 1]);
      if (found && !/^\s*(\/\/|\*|#)/.test(lines[number - 1])) {
        const place = relative(file) + ':' + number;
        if (!value || value.test(found[1] + ' ' + (lines[number] || ''))) return place;
        any = any || place;
      }
    }
  }
  return any;
};

// Where leaves are decided: by leaf, and where another place decides for a file, by both.
const decided = {};
const MOST_PLACES = 600;
const decide = (leaf, place, file) => {
  if (!place) return;
  if (decided[leaf] === undefined) decided[leaf] = place;
  else if (decided[leaf] !== place && file && Object.keys(decided).length < MOST_PLACES) decided[`${leaf} (${relative(file)})`] = place;
};

let said = false;
const say = (answer) => {
  let bytes = Buffer.from(JSON.stringify(answer));
  while (bytes.length) {
    try { bytes = bytes.subarray(fs.writeSync(3, bytes)); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }
  said = true;
  process.exit(0);
};
const fail = (error) => {
  const told = String((error && (error.message || error.stack)) || error).split('\n').map((one) => one.trim()).filter(Boolean);
  say({ error: named(told[0] || 'it says nothing').slice(0, 300) });
};
const answer = (ask) => {
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.on('exit', () => { if (!said) process.exitCode = 70; });
  Promise.resolve().then(ask).then(say).catch(fail);
};
