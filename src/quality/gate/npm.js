// Whether what is installed is what the lock file names. Each manager writes down what it installed; that is held against the
// lock file, and the packages that package.json asks for are looked at themselves. What is for other kinds of machines may be
// there or not.
const lockFiles = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'];
const unquoted = (value) => value.trim().replace(/^["']|["']$/g, '');

// npm: both are tables of folders.
const ofNpm = (file) => {
  const lock = parsed(file);
  if (!lock) throw new Error(relative(file) + ' is no JSON');
  if (!lock.packages) {
    // The first form nests what is below a package.
    const flat = {};
    const walk = (table, below) => Object.entries(table || {}).forEach(([name, one]) => {
      flat[below + 'node_modules/' + name] = one;
      walk(one.dependencies, below + 'node_modules/' + name + '/');
    });
    walk(lock.dependencies, '');
    lock.packages = flat;
  }
  return lock.packages;
};
const npm = (file, top) => {
  const wanted = ofNpm(file);
  const hidden = path.join(top, 'node_modules/.package-lock.json');
  const there = exists(hidden) ? ofNpm(hidden) : null;
  const lock = {};
  const got = {};
  const free = new Set();
  for (const [place, one] of Object.entries(wanted)) {
    if (!place.includes('node_modules/') || one.extraneous) continue;
    if (one.optional || one.devOptional || one.os || one.cpu || one.libc || one.peer && one.optional) free.add(place);
    lock[place] = one.link ? 'a link' : one.version || '';
  }
  for (const place of Object.keys({ ...lock, ...there })) {
    if (!place.includes('node_modules/')) continue;
    const one = there && there[place];
    const folder = path.join(top, place);
    if (one && (one.optional || one.os || one.cpu || one.libc)) free.add(place);
    if (!exists(folder)) continue;
    if (one && !one.extraneous || one) got[place] = one.link ? 'a link' : one.version || '';
    // Without an account of what was installed, a workspace of the repository is told by its being a link.
    else if (!there && lock[place] === 'a link' && fs.lstatSync(folder).isSymbolicLink()) got[place] = 'a link';
    else if (!there) got[place] = (parsed(path.join(folder, 'package.json')) || {}).version || '';
  }
  const about = parsed(path.join(top, 'package.json')) || {};
  const own = wanted[''] || null;
  const asks = {};
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const name of own ? Object.keys({ ...about[kind], ...own[kind] }) : []) {
      const [now, then] = [(about[kind] || {})[name], (own[kind] || {})[name]];
      if (now !== then) asks[name] = `${now || 'not'} in package.json, ${then || 'not'} in the lock file`;
    }
  }
  const identity = Object.entries(wanted).filter(([place]) => place).map(([place, one]) => [place, one.version || '', one.integrity || (one.link ? one.resolved : '') || ''].join(' '));
  return { lock, got, free, asks, identity };
};

// pnpm: the file that it keeps has the lock file's own form, which is read line by line as it is written.
const pnpmPackages = (code) => {
  const found = {};
  const free = new Set();
  let section = '';
  let key = null;
  for (const row of code.split('\n')) {
    const [, head] = /^(\w+):\s*$/.exec(row) || [];
    if (head) { section = head; key = null; continue; }
    if (section !== 'packages' && section !== 'snapshots') continue;
    const [, name] = /^ {2}(\S.*?):(\s*\{\})?\s*$/.exec(row) || [];
    if (name) {
      key = unquoted(name).replace(/^\//, '').replace(/\(.*$/, '');
      if (section === 'packages') found[key] = 'installed';
      continue;
    }
    if (key && /^ {4}(optional: true|os:|cpu:|libc:)/.test(row)) free.add(key);
  }
  return { found, free };
};
const pnpm = (file, top) => {
  const wanted = pnpmPackages(text(file) || '');
  const current = text(path.join(top, 'node_modules/.pnpm/lock.yaml'));
  const there = current === null ? null : pnpmPackages(current);
  return {
    lock: wanted.found, got: there ? there.found : null, free: new Set([...wanted.free, ...(there ? there.free : [])]), asks: {},
    identity: (text(file) || '').split('\n').map((row) => row.trim()).filter((row) => row && !row.startsWith('#')),
  };
};

// Yarn: the first keeps a table of what it resolved, the later ones a file of the lock file's form.
const yarn = (file, top) => {
  const code = text(file) || '';
  const identity = code.split('\n').map((row) => row.trimEnd()).filter((row) => row && !row.startsWith('#'));
  const lock = {};
  const got = {};
  const free = new Set();
  if (/^__metadata:/m.test(code)) {
    const conditions = new Set();
    for (const block of code.split(/\n(?=\S)/)) {
      const [, name] = /^ {2}resolution: (.*)$/m.exec(block) || [];
      if (!name || /@workspace:|@virtual:/.test(name)) continue;
      lock[unquoted(name)] = 'installed';
      if (/^ {2}conditions:/m.test(block)) conditions.add(unquoted(name));
    }
    conditions.forEach((name) => free.add(name));
    const state = text(path.join(top, 'node_modules/.yarn-state.yml'));
    if (state === null) return { lock, got: exists(path.join(top, '.pnp.cjs')) ? lock : null, free, asks: {}, identity };
    for (const [, name] of state.matchAll(/^"?([^\s"].*?)"?:\s*$/gm)) {
      if (name === '__metadata' || /@workspace:/.test(name)) continue;
      got[name.replace(/@virtual:[^#]*#/, '@')] = 'installed';
    }
    return { lock, got, free, asks: {}, identity };
  }
  const there = parsed(path.join(top, 'node_modules/.yarn-integrity'));
  let keys = [];
  for (const row of code.split('\n')) {
    if (/^\S.*:$/.test(row) && !row.startsWith('#')) keys = row.slice(0, -1).split(',').map(unquoted);
    const [, version] = /^ {2}version "?(.*?)"?$/.exec(row) || [];
    const [, resolved] = /^ {2}resolved "?(.*?)"?$/.exec(row) || [];
    for (const key of keys) {
      if (version) lock[key] = version;
      if (resolved && there && there.lockfileEntries && key in there.lockfileEntries && there.lockfileEntries[key] === resolved) got[key] = lock[key];
    }
  }
  for (const key of Object.keys((there && there.lockfileEntries) || {})) if (!(key in got)) got[key] = 'another';
  return { lock, got: there ? got : null, free, asks: {}, identity };
};

// Bun: the lock file's text names folders' contents; it keeps no account, so they are looked at.
const bun = (file, top) => {
  const code = (text(file) || '').replace(/("(?:\\.|[^"\\])*")|,(\s*[}\]])/g, (_, string, end) => string || end);
  const packages = JSON.parse(code).packages || {};
  const lock = {};
  const got = {};
  const free = new Set();
  for (const [key, one] of Object.entries(packages)) {
    const version = /(?!^)@([^@]*)$/.exec(String(one[0])) || [];
    if (!version[1] || /^(workspace|file|link|git|github|https?):/.test(version[1])) continue;
    lock[key] = version[1];
    if (one.some((part) => part && typeof part === 'object' && (part.os || part.cpu || part.libc))) free.add(key);
    const parts = key.split(/(?<!^@[^/]*|\/@[^/]*)\//);
    const about = parsed(path.join(top, 'node_modules', parts.join('/node_modules/'), 'package.json'));
    if (about) got[key] = about.version;
  }
  return { lock, got, free, asks: {}, identity: Object.entries(packages).map((one) => JSON.stringify(one)) };
};

// Without any lock file, the first folder that asks for packages.
const baseOfAny = (all) => all.find((folder) => { const about = parsed(path.join(folder, 'package.json')) || {}; return about.dependencies || about.devDependencies; }) || top;

const stateOf = (top) => {
  const names = lockFiles.filter((name) => exists(path.join(top, name)));
  const modules = exists(path.join(top, 'node_modules')) || exists(path.join(top, '.pnp.cjs'));
  const state = { locks: names, installed: modules, differs: {}, asks: {}, packages: {}, digests: {} };
  for (const name of names) {
    const file = path.join(top, name);
    if (name === 'bun.lockb') { state.digests[name] = digest(fs.readFileSync(file)); state.unaccounted = name === names[0]; continue; }
    const read = name.startsWith('pnpm') ? pnpm : name.startsWith('yarn') ? yarn : name.startsWith('bun') ? bun : npm;
    const { lock, got, free, asks, identity } = read(file, top);
    state.digests[name] = digest(identity.sort().join('\n'));
    if (name !== names[0]) continue;
    state.asks = asks;
    if (!modules) continue;
    if (got === null) { state.unaccounted = true; continue; }
    for (const key of Object.keys({ ...lock, ...got })) {
      const [want, have] = [lock[key], got[key]];
      if (want === have || free.has(key) && (want === undefined || have === undefined)) continue;
      state.differs[key.replace(/^node_modules\//, '')] = [want || null, have || null];
    }
  }
  if (modules) {
    const about = parsed(path.join(top, 'package.json')) || {};
    for (const name of Object.keys({ ...about.dependencies, ...about.devDependencies }).sort()) {
      const found = find(name, top);
      state.packages[name] = found ? found.version : null;
    }
  }
  return plain(state);
};

answer(async () => {
  const locked = (folder) => lockFiles.some((name) => exists(path.join(folder, name)));
  const all = [...new Set([top, ...asked.flatMap(folders)])].sort();
  const roots = all.filter(locked);
  const whole = {};
  for (const root of roots.length ? roots.slice(0, 20) : [baseOfAny(all)]) whole[path.relative(top, root)] = stateOf(root);
  return { whole };
});
