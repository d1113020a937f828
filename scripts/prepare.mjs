// What a fresh clone needs before it can be tested or run: packages, servers (with --servers), a
// build. Runs before there are any node_modules, so it uses nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PROGRAMS = ['mosquitto', 'mosquitto_pub', 'influxd', 'influx'];
const DEBIAN_PACKAGES = ['mosquitto', 'mosquitto-clients', 'influxdb', 'influxdb-client'];
/** Opens the report of a backtest; where it cannot be had, that one test is left out. */
const BROWSER = 'chromium';

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (status === 0) return;
  fail(`"${[command, ...args].join(' ')}" failed${error ? `: ${error.message}` : ''}`);
}

function fail(message) {
  console.error(`prepare: ${message}`);
  process.exit(1);
}

function modifiedMs(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function installed(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** How to become root: nothing where we are, sudo where it asks nothing, undefined otherwise. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (!installed('sudo')) return undefined;
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined;
}

function installServers() {
  const missing = PROGRAMS.filter((program) => !installed(program));
  if (missing.length === 0 && installed(BROWSER)) return;
  const prefix = rootPrefix();
  const canInstall = installed('apt-get') && prefix !== undefined;
  if (missing.length === 0 && !canInstall) return;
  if (!canInstall) {
    fail(
      `the tests need ${missing.join(', ')}. Install Mosquitto and InfluxDB 1.x (server and ` +
        `client); on Debian and Ubuntu: apt-get install ${DEBIAN_PACKAGES.join(' ')}`,
    );
  }
  // Through env, since sudo drops our environment. The tests start servers of their own; whether
  // the package starts one on the standard port makes no difference to them.
  const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  const [command, ...args] = apt;
  const install = ['install', '-q', '-y', '--no-install-recommends'];
  if (missing.length > 0) {
    console.error(`prepare: installing ${DEBIAN_PACKAGES.join(', ')}, for ${missing.join(', ')}`);
    run(command, [...args, 'update', '-q']);
    run(command, [...args, ...install, ...DEBIAN_PACKAGES]);
  }
  if (!installed(BROWSER)) {
    console.error(`prepare: installing ${BROWSER}, to open a report in`);
    if (missing.length === 0) spawnSync(command, [...args, 'update', '-q'], { stdio: 'ignore' });
    const { status } = spawnSync(command, [...args, ...install, BROWSER], { stdio: 'inherit' });
    if (status !== 0)
      console.error(`prepare: no ${BROWSER}; the report is not opened in a browser`);
  }
  const still = PROGRAMS.filter((program) => !installed(program));
  if (still.length > 0) fail(`still missing after the installation: ${still.join(', ')}`);
}

// npm writes this file at the end of an installation.
if (modifiedMs('node_modules/.package-lock.json') < modifiedMs('package-lock.json')) {
  run('npm', ['ci', '--no-audit', '--no-fund']);
}
if (process.argv.includes('--servers')) installServers();
run('npm', ['run', '--silent', 'build']);
