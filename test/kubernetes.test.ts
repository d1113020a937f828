/** The manifests fit each other, the image and the schema. No cluster runs here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../src/config/load.ts';
import { ROOT } from './support/root.ts';

const dir = join(ROOT, 'deploy/kubernetes');
const read = (name: string): string => readFileSync(join(dir, name), 'utf8');

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly startupProbe: Probe;
}
interface StatefulSet {
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly [Container];
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly terminationGracePeriodSeconds: number;
        readonly volumes: readonly { readonly name: string }[];
      };
    };
    readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  };
}

const { spec } = parse(read('stateful-set.yaml')) as StatefulSet;
const pod = spec.template.spec;
const [container] = pod.containers;
const dockerfile = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');

describe('deploy/kubernetes', () => {
  it('applies every manifest, and those that it names are there', () => {
    const kustomization = parse(read('kustomization.yaml')) as {
      resources: string[];
      images: { name: string }[];
      configMapGenerator: { name: string; files: string[] }[];
    };
    const [config] = kustomization.configMapGenerator;
    const applied = [...kustomization.resources, ...config!.files];
    for (const name of applied) expect(existsSync(join(dir, name)), name).toBe(true);
    const others = readdirSync(dir).filter((name) => !applied.includes(name));
    expect(others.sort()).toEqual(['kustomization.yaml', 'secret.example.yaml']);
    expect(kustomization.images[0]!.name).toBe(container.image);
  });

  it('runs the image with a configuration that is sound', () => {
    const [command, path] = container.args;
    expect(command).toBe('run');
    const mounts = new Map(container.volumeMounts.map((mount) => [mount.mountPath, mount.name]));
    expect(mounts.get('/etc/foretide')).toBe('config');
    expect(path).toBe('/etc/foretide/foretide.yaml');
    const config = loadConfig(join(dir, 'foretide.yaml'));
    expect(container.ports[0]!.containerPort).toBe(config.http!.port);
    const state = /^VOLUME (\S+)$/m.exec(dockerfile)![1]!;
    expect(mounts.get(state)).toBe(spec.volumeClaimTemplates[0]!.metadata.name);
    for (const name of mounts.values()) {
      const volumes = [...pod.volumes, ...spec.volumeClaimTemplates.map((each) => each.metadata)];
      expect(volumes.map((volume) => volume.name)).toContain(name);
    }
  });

  it('is one pod, found by its service', () => {
    expect(spec.replicas).toBe(1);
    expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
    const service = parse(read('service.yaml')) as {
      metadata: { name: string };
      spec: { selector: object };
    };
    expect(service.metadata.name).toBe(spec.serviceName);
    expect(service.spec.selector).toEqual(spec.template.metadata.labels);
  });

  it('asks for nothing that the restricted pod security standard forbids', () => {
    const user = Number(/^USER (\d+):/m.exec(dockerfile)![1]);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: user,
      fsGroup: user,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('restarts what does not live, and asks what is not ready to wait', () => {
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.startupProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(container.ports[0]!.name).toBe('http');
    // Longer than the daemon gives its sinks at the end.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10);
  });
});
