/** Engines and initial weights on the command line, as a user meets them. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { initialWeights } from '../../src/recurrent/initial.ts';
import { writeWeights } from '../../src/recurrent/weights-file.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const cases = fileURLToPath(new URL('./cases/', import.meta.url));
const input = join(cases, 'gru-forecasts/input.csv');
const dir = mkdtempSync(join(tmpdir(), 'foretide-engines-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Hides tfjs-node from the program, as if it were not installed, wherever the test runs. */
const hook = `export async function resolve(name, context, next) {
  if (name !== '@tensorflow/tfjs-node') return next(name, context);
  const error = new Error("Cannot find package '" + name + "'");
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}`;
writeFileSync(join(dir, 'hook.mjs'), hook);
const hookUrl = JSON.stringify(pathToFileURL(join(dir, 'hook.mjs')).href);
writeFileSync(
  join(dir, 'hide.mjs'),
  `import { register } from 'node:module';\nregister(${hookUrl});\n`,
);

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

function foretide(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const all = ['--import', join(dir, 'hide.mjs'), main, ...args];
    execFile(process.execPath, all, { cwd: dir }, (error, _, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stderr });
    });
  });
}

/** Replays the case's recording with another model; the points are in `name`.lp. */
function replay(name: string, model: string): Promise<Ended> {
  const config = readFileSync(join(cases, 'gru-forecasts/config.yaml'), 'utf8');
  writeFileSync(join(dir, `${name}.yaml`), config.replace('cell: gru', `cell: gru, ${model}`));
  return foretide('replay', input, '--config', `${name}.yaml`, '--out', `${name}.lp`);
}

const points = (name: string): string => readFileSync(join(dir, `${name}.lp`), 'utf8');

describe('engine: tfjs where tfjs-node is not installed', () => {
  it('refuses to start with code 2, and says why and what to do', async () => {
    const { code, stderr } = await replay('refused', 'engine: tfjs');
    expect(stderr.trim()).toBe(
      'engine tfjs: @tensorflow/tfjs-node is not installed; install it with ' +
        '"npm install @tensorflow/tfjs-node@4.22.0", whose install script has to be allowed to ' +
        'download a library; or choose another model.engine, or name one in model.engine_fallback',
    );
    expect(code).toBe(2);
    expect(existsSync(join(dir, 'refused.lp'))).toBe(false);
  });

  it('with engine_fallback goes on with that engine, and says so', async () => {
    const { code, stderr } = await replay('fallback', 'engine: tfjs, engine_fallback: reference');
    expect(code).toBe(0);
    expect(stderr).toContain('Going on with engine reference, as model.engine_fallback says');
    await replay('reference', 'engine: reference');
    expect(points('fallback')).toBe(points('reference'));
  });
});

describe('initial weights', () => {
  // Calendar of a day and a week, one season, three leads: 11 inputs.
  const shape = { cell: 'gru', inputs: 11, hidden: 5, layers: 1, outputs: 3 } as const;
  const weights = initialWeights({ ...shape, windowSteps: 1 }, 1);
  // A head that is not zero: such a network has something to say from the first step on.
  weights.fill(0.3, weights.length - 3 * 5 - 3);
  writeFileSync(join(dir, 'initial.ftw'), writeWeights({ shape, weights }));

  it('through Keras and back start every series warm', async () => {
    expect((await foretide('weights', 'export', 'initial.ftw', '--out', 'model')).code).toBe(0);
    const { code, stderr } = await foretide('weights', 'import', 'model', '--out', 'back.ftw');
    expect(stderr).toContain('wrote back.ftw: gru, inputs 11, hidden 5, layers 1, outputs 3');
    expect(code).toBe(0);
    expect((await replay('warm', 'initial_weights: back.ftw')).code).toBe(0);
    await replay('cold', 'engine: reference');
    expect(points('warm').split('\n').length).toBe(points('cold').split('\n').length);
    expect(points('warm')).not.toBe(points('cold'));
  });

  it('of another shape are refused with code 2', async () => {
    const { code, stderr } = await replay('wrong', 'layers: 2, initial_weights: initial.ftw');
    expect(stderr).toMatch(
      /^stream plant: model.initial_weights: .*initial.ftw holds .*layers 1.*; the stream's network is .*layers 2/,
    );
    expect(code).toBe(2);
  });

  it.each([
    [['weights'], 'Say import or export.'],
    [['weights', 'import', 'model'], 'out'],
    [['weights', 'import', 'nowhere', '--out', 'x.ftw'], 'nowhere cannot be read'],
    [['weights', 'export', 'hide.mjs', '--out', 'x'], 'hide.mjs: is not a weights file'],
  ])('%j ends with code 2 and says why', async (args, message) => {
    const { code, stderr } = await foretide(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});
