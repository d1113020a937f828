// Compiles src/recurrent/kernel/ (AssemblyScript) to dist/kernel.wasm, unless it is newer than all
// of its sources. Optimised for speed, without runtime: the host lays out the memory.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'src/recurrent/kernel');
const TARGET = join(ROOT, 'dist/kernel.wasm');

const OPTIONS = [
  '-O3',
  '--noAssert',
  '--disableWarning=201', // 32-bit memory: sizes and counts mix freely
  '--runtime=stub',
  '--use=abort=',
  '--enable=simd',
  '--importMemory',
  '--outFile=kernel.wasm',
];

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function upToDate() {
  const files = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  const built = modifiedMs(TARGET);
  return [...files, fileURLToPath(import.meta.url)].every((file) => modifiedMs(file) < built);
}

export default async function buildKernel() {
  if (upToDate()) return;
  const { main } = await import('assemblyscript/asc');
  const outputs = new Map();
  const { error, stderr } = await main(['index.ts', ...OPTIONS], {
    readFile: (name, base) => {
      try {
        return readFileSync(join(base === '.' ? SOURCES : join(SOURCES, base), name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => void outputs.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`kernel: ${error.message}\n${stderr.toString()}`);
  const warnings = stderr.toString();
  if (warnings) process.stderr.write(warnings);
  mkdirSync(dirname(TARGET), { recursive: true });
  // In one move, since tests of several processes may build at once.
  const temporary = `${TARGET}.${process.pid}`;
  writeFileSync(temporary, outputs.get('kernel.wasm'));
  renameSync(temporary, TARGET);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernel();
