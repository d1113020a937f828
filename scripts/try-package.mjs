// What a user gets from `npm install foretide`: packs the built project, installs the package into an
// empty folder elsewhere, and runs it there. No install script may be needed for that, so none is run.
//
//   npm run try-package            installs from the registry (or npm's cache)
//   npm run try-package -- --keep  leaves the folder
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'foretide-package-'));
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

/** Its output; ends everything where it fails, or lacks what it must say. */
function run(command, args, says) {
  console.log(`$ ${[command, ...args].join(' ')}`);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: dir,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const output = `${stdout}${stderr}`;
  if (status === 0 && (says === undefined || says.test(output))) return stdout;
  const wanted = status === 0 ? `does not say ${says}` : `ended with ${status ?? error}`;
  throw new Error(`${command} ${args[0]} ${wanted}:\n${output}`);
}

/** A daemon that keeps its state, so that the native store is loaded, stopped as systemd would. */
async function runDaemon() {
  writeFileSync(
    join(dir, 'site.yaml'),
    `source: { mqtt: { embedded: { host: 127.0.0.1, port: 0 } } }
streams: [{ topic: plant/+, every: 1s }]
sinks: { line_protocol: { file: points.lp } }
state: { dir: state }
http: { port: 0 }
`,
  );
  console.log('$ npx foretide run site.yaml');
  const bin = join(dir, 'node_modules/.bin/foretide');
  const child = spawn(bin, ['run', 'site.yaml'], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  const listening = new Promise((resolve) => {
    const hear = (chunk) => {
      output += chunk;
      const url = /page on (http:\S+\/)/.exec(output)?.[1];
      if (url && output.includes('source: connected')) resolve(url);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
  });
  const url = await Promise.race([listening, ended]);
  if (typeof url !== 'string') throw new Error(`the daemon has ended:\n${output}`);
  for (const path of ['healthz', 'readyz', 'metrics']) {
    const { status } = await fetch(url + path);
    console.log(`  GET /${path}: ${status}`);
    if (status !== 200) throw new Error(`/${path} answers with ${status}`);
  }
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`the daemon ended with ${code}:\n${output}`);
  run('npx', ['foretide', 'inspect', 'state'], /series/);
}

try {
  // Already built; building again would take it from whoever else is using it.
  const pack = ['pack', root, '--ignore-scripts', '--json', '--pack-destination', dir];
  const [packed] = JSON.parse(run('npm', pack));
  console.log(
    `  ${packed.filename}: ${packed.entryCount} files, ${mib(packed.size)}, unpacked ${mib(packed.unpackedSize)}`,
  );
  run('npm', [
    ...['install', `./${packed.filename}`],
    ...['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'],
  ]);
  const { packages } = JSON.parse(readFileSync(join(dir, 'package-lock.json'), 'utf8'));
  console.log(`  ${Object.keys(packages).length - 1} packages installed`);
  if (existsSync(join(dir, 'node_modules/@tensorflow'))) {
    throw new Error('TensorFlow.js has come along');
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  run('npx', ['foretide', '--version'], new RegExp(`^${version}$`, 'm'));
  run('npx', ['foretide', '--help'], /foretide run <config>/);
  console.log(run('npx', ['foretide', 'demo', '--for', '10s'], / learned \+ 0 duplicate/));
  await runDaemon();
  console.log('the package works');
} finally {
  if (process.argv.includes('--keep')) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
