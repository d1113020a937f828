/** What `npm publish` would give away: all that is needed, and nothing else. Nothing is installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from './support/root.ts';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}
interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { optional: boolean }>>;
}

const dir = mkdtempSync(join(tmpdir(), 'foretide-packed-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', dir];
const [packed] = JSON.parse(
  execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
) as [Packed];
execFileSync('tar', ['-xzf', join(dir, packed.filename), '-C', dir]);
const unpacked = join(dir, 'package');
const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest;
const paths = packed.files.map(({ path }) => path);

describe('the npm package', () => {
  it('holds what a user needs', () => {
    for (const path of [
      'dist/main.js',
      'dist/kernel.wasm',
      'dist/backtest/report/page.html',
      'config/minimal.yaml',
      'config/foretide.schema.json',
      'deploy/foretide.service',
      'docs/configuration.md',
      'LICENSE',
      'README.md',
    ]) {
      expect(paths).toContain(path);
    }
  });

  it('holds no tests, sources or source maps, and little in all', () => {
    const unwanted = /\.test\.|\.map$|\.tsx?$|^(src|test|scripts|node_modules|dist-bench)\//;
    expect(paths.filter((path) => unwanted.test(path) && !path.startsWith('deploy/'))).toEqual([]);
    console.log(`${packed.filename}: ${packed.files.length} files, ${packed.size} bytes`);
    expect(packed.size).toBeLessThan(1_500_000);
  });

  it('asks for all packages that it imports', () => {
    const imported = new Set<string>();
    for (const path of paths.filter((path) => /^dist\/.*\.js$/.test(path))) {
      const text = readFileSync(join(unpacked, path), 'utf8');
      const found = text.matchAll(
        /^(?:import|\} from|import .* from|export .* from) '([^.'][^']*)';$|\bimport\('([^.'][^']*)'\)/gm,
      );
      for (const [, one, other] of found) {
        const [first, second] = (one ?? other)!.split('/');
        imported.add(first!.startsWith('@') ? `${first}/${second}` : first!);
      }
    }
    const packages = [...imported].filter(
      (name) => !name.startsWith('node:') && !builtinModules.includes(name),
    );
    expect(packages).toContain('mqtt');
    for (const name of packages) expect(manifest.dependencies, name).toHaveProperty([name]);
  });

  it('brings TensorFlow.js only to those who install it', () => {
    const name = '@tensorflow/tfjs-node';
    expect(manifest.dependencies).not.toHaveProperty([name]);
    expect(manifest.peerDependencies).toHaveProperty([name]);
    expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
  });

  it('runs from where it is unpacked, by its name', () => {
    const main = packed.files.find(({ path }) => path === 'dist/main.js');
    expect(main!.mode & 0o111).toBe(0o111);
    symlinkSync(join(ROOT, 'node_modules'), join(unpacked, 'node_modules'));
    const foretide = (...args: string[]): string => {
      const bin = join(unpacked, 'dist/main.js');
      const { status, stdout, stderr } = spawnSync(bin, args, { cwd: dir, encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    expect(foretide('--version')).toBe(`${manifest.version}\n`);
    expect(foretide('--help')).toContain('foretide run <config>');
    expect(foretide('check', join(unpacked, 'config/minimal.yaml'))).toContain('sensors');
    expect(existsSync(join(unpacked, 'dist/kernel.wasm'))).toBe(true);
  });
});
