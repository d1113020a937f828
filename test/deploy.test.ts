/** The files under deploy/ fit each other, the tree and the schema. No container runs here. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../src/config/load.ts';

interface Service {
  readonly image?: string;
  readonly hostname?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly read_only?: boolean;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const root = fileURLToPath(new URL('../', import.meta.url));
const deploy = join(root, 'deploy');
const text = (path: string): string => readFileSync(join(deploy, path), 'utf8');
const compose = parse(text('docker-compose.yaml')) as Compose;
const config = loadConfig(join(deploy, 'compose/foretide.yaml'));

function matchesGlob(name: string, glob: string): boolean {
  const [before = '', after] = glob.split('*');
  return after === undefined ? name === glob : name.startsWith(before) && name.endsWith(after);
}

/** Where a service sees a path of ours. */
function mounted(service: string, path: string): string | undefined {
  const volumes = compose.services[service]!.volumes ?? [];
  return volumes.find((volume) => volume.startsWith(`./${path}:`))?.split(':')[1];
}

describe('docker-compose.yaml', () => {
  it('mounts only what there is, and starts after services that there are', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const [from] = volume.split(':');
        const known = from!.startsWith('.')
          ? existsSync(join(deploy, from!))
          : from! in compose.volumes;
        expect(known, `${name}: ${volume}`).toBe(true);
      }
      for (const other of Object.keys(service.depends_on ?? {})) {
        expect(compose.services).toHaveProperty(other);
      }
      const { build } = service;
      if (build) expect(existsSync(join(deploy, build.context, build.dockerfile))).toBe(true);
      else expect(service.image, name).toMatch(/:[\d.]+$/);
    }
  });

  it('asks all how they are, and lets them write to their volumes alone', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect(service.read_only, name).toBe(true);
      const asked = name === 'foretide' ? /^HEALTHCHECK /m.test(text('Dockerfile')) : undefined;
      expect(asked ?? service.healthcheck?.test[0] === 'CMD', name).toBe(true);
    }
    // The image asks at the port that the page has.
    expect(text('Dockerfile')).toContain(
      `HEALTH_URL=http://127.0.0.1:${config.http!.port}/healthz`,
    );
    expect(compose.services.foretide!.ports).toContain(`127.0.0.1:8484:${config.http!.port}`);
  });

  it('opens no port to the network, since nothing asks for a password', () => {
    for (const { ports = [] } of Object.values(compose.services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('gives Foretide a configuration that is sound and names its services', () => {
    expect(mounted('foretide', 'compose/foretide.yaml')).toBe('/etc/foretide/foretide.yaml');
    expect(text('Dockerfile')).toContain('CMD ["run", "/etc/foretide/foretide.yaml"]');
    for (const url of [config.source!.mqtt!.url!, config.sinks.influx!.url]) {
      expect(compose.services).toHaveProperty(new URL(url).hostname);
    }
    const { port } = new URL(config.source!.mqtt!.url!);
    expect(text('compose/mosquitto.conf')).toMatch(new RegExp(`^listener ${port}$`, 'm'));
  });

  it('gives Grafana the dashboard, and the database that Foretide writes to', () => {
    const provisioning = 'grafana/provisioning';
    expect(mounted('grafana', provisioning)).toBe('/etc/grafana/provisioning');
    const provider = parse(text(`${provisioning}/dashboards/foretide.yaml`)) as {
      providers: { options: { path: string } }[];
    };
    expect(provider.providers[0]!.options.path).toBe(
      mounted('grafana', 'grafana/dashboards/influxql'),
    );
    const source = parse(text(`${provisioning}/datasources/foretide.yaml`)) as {
      datasources: { type: string; url: string; jsonData: { dbName: string } }[];
    };
    const { type, url, jsonData } = source.datasources[0]!;
    expect([type, jsonData.dbName]).toEqual(['influxdb', config.sinks.influx!.database]);
    const variable = /^\$\{(\w+)\}$/.exec(url)![1]!;
    const address = compose.services.grafana!.environment![variable]!;
    expect(address).toBe(config.sinks.influx!.url);
  });
});

describe('Dockerfile', () => {
  const copied = [...text('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, from]) => from!.split(' '),
  );

  it('copies only what there is, and what .dockerignore lets through', () => {
    expect(copied).toContain('package-lock.json');
    const allowed = text('Dockerfile.dockerignore').match(/^!.+$/gm);
    for (const path of copied) {
      expect(
        readdirSync(root).some((name) => matchesGlob(name, path)),
        path,
      ).toBe(true);
      expect(allowed).toContain(`!${path}`);
    }
  });

  it('keeps what is learned on a volume, under a name that stays', () => {
    const directory = /^VOLUME (\S+)$/m.exec(text('Dockerfile'))![1]!;
    expect(text('Dockerfile')).toMatch(new RegExp(`^ENV STATE_DIRECTORY=${directory}/\\w+$`, 'm'));
    expect(compose.services.foretide!.volumes).toContain(`foretide:${directory}`);
    expect(compose.services.foretide!.hostname).toBe('foretide');
  });

  it('does not run as root', () => {
    const stage = text('Dockerfile')
      .split(/^FROM /m)
      .at(-1)!;
    // By number: Kubernetes does not believe names.
    expect(stage).toMatch(/^USER 1000:1000$/m);
  });
});

describe('foretide.service', () => {
  const verify = spawnSync('systemd-analyze', ['verify', join(deploy, 'foretide.service')], {
    encoding: 'utf8',
  });

  it('runs the program with a configuration, and does not try again with a bad one', () => {
    const unit = text('foretide.service');
    expect(unit).toMatch(/^ExecStart=\/usr\/bin\/node \S+\/dist\/main\.js run \S+\.yaml$/m);
    expect(unit).toMatch(/^RestartPreventExitStatus=2$/m);
  });

  it('lets the program tell systemd how it is, and be watched', () => {
    const unit = text('foretide.service');
    expect(unit).toMatch(/^Type=notify$/m);
    expect(unit).toMatch(/^NotifyAccess=all$/m);
    expect(unit).toMatch(/^WatchdogSec=\d+$/m);
  });

  it.runIf(!verify.error)('is a unit that systemd understands', () => {
    // Where Node is not under /usr/bin, that alone is no fault of the unit.
    const faults = verify.stderr.split('\n').filter((line) => !/^$|\/usr\/bin\/node/.test(line));
    expect(faults).toEqual([]);
  });

  it.runIf(!verify.error)('gives it little to do harm with', () => {
    const args = ['security', '--offline=true', '--no-pager', join(deploy, 'foretide.service')];
    const { stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    // 0 is nothing at all, 10 everything; below 2 are the best kept services of a distribution.
    expect(Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
  });
});
