const { createRequire } = require('node:module');
const own = createRequire(process.cwd() + '/');
const { ESLint } = own('eslint');
(async () => {
  const eslint = new ESLint();
  const files = {};
  for (const file of process.argv.slice(1)) {
    files[file] = await eslint.calculateConfigForFile(file);
  }
  process.stdout.write(JSON.stringify({ version: ESLint.version, files }));
})().catch((error) => {
  process.stderr.write(String(error && error.message) + '\n');
  process.exitCode = 1;
});
