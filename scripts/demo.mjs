// `npm run demo` in a fresh clone: installs and builds what is missing, then runs the demo.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(script, args) {
  const { status, signal } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (signal) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

// Ctrl-C reaches the demo too; it ends by itself, with a summary.
process.on('SIGINT', () => {});
run('scripts/prepare.mjs', []);
run('dist/main.js', ['demo', ...process.argv.slice(2)]);
