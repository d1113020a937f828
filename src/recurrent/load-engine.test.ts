import { describe, expect, it } from 'vitest';
import { tf } from '../../test/support/tfjs-cpu.ts';
import { EngineUnavailable, type LoadEngineOptions, loadEngine } from './load-engine.ts';
import { loadTfjsEngine } from './tfjs/load.ts';

const unavailable = (): never => {
  throw new EngineUnavailable('tfjs', 'is broken', 'mend it');
};

function recording(options: Partial<LoadEngineOptions>): LoadEngineOptions & { lines: string[] } {
  const lines: string[] = [];
  return { fallback: 'none', log: (line) => lines.push(line), lines, ...options };
}

async function failure(promise: Promise<unknown>): Promise<EngineUnavailable> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineUnavailable);
  return error as EngineUnavailable;
}

describe('loadEngine', () => {
  it('gives the engine asked for, and says nothing', async () => {
    const options = recording({ fallback: 'reference' });
    expect((await loadEngine('reference', options)).name).toBe('reference');
    expect(options.lines).toEqual([]);
  });

  it('without a fallback refuses, with the exit code of a bad configuration', async () => {
    const error = await failure(loadEngine('tfjs', recording({ makers: { tfjs: unavailable } })));
    expect(error.exitCode).toBe(2);
    expect(error.message).toBe(
      'engine tfjs: is broken; mend it; or choose another model.engine, or name one in ' +
        'model.engine_fallback',
    );
  });

  it('with a fallback goes on with that, and says why', async () => {
    const reference = await loadEngine('reference', recording({}));
    const makers = { tfjs: unavailable, reference: () => reference };
    const options = recording({ fallback: 'reference', makers });
    expect(await loadEngine('tfjs', options)).toBe(reference);
    expect(options.lines).toEqual([
      'engine tfjs: is broken; mend it. Going on with engine reference, as model.engine_fallback says',
    ]);
  });

  it('refuses when the fallback cannot run either, or is not there', async () => {
    const both = recording({ fallback: 'wasm', makers: { tfjs: unavailable } });
    expect((await failure(loadEngine('tfjs', both))).message).toMatch(/engine wasm: is not part/);
    const itself = recording({ fallback: 'tfjs', makers: { tfjs: unavailable } });
    expect((await failure(loadEngine('tfjs', itself))).message).toMatch(/is broken/);
  });

  it('a defect is no reason for a fallback', async () => {
    const defect = (): never => {
      throw new TypeError('a slip');
    };
    const options = recording({ fallback: 'reference', makers: { tfjs: defect } });
    await expect(loadEngine('tfjs', options)).rejects.toThrow('a slip');
  });
});

describe('loadTfjsEngine', () => {
  it('takes a TensorFlow.js that works, exported as CommonJS or not', async () => {
    expect((await loadTfjsEngine(async () => ({ default: tf }))).name).toBe('tfjs');
    const { numTensors } = tf.memory();
    expect((await loadTfjsEngine(async () => ({ ...tf, default: undefined }))).name).toBe('tfjs');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('not installed: says so, and how to', async () => {
    const missing = async (): Promise<never> => {
      const error = new Error("Cannot find package '@tensorflow/tfjs-node' imported from x.js");
      throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
    };
    expect((await failure(loadTfjsEngine(missing, '20.20.2'))).message).toBe(
      'engine tfjs: @tensorflow/tfjs-node is not installed; install it with ' +
        '"npm install @tensorflow/tfjs-node@4.22.0", whose install script has to be allowed to ' +
        'download a library',
    );
  });

  it('without its native library: says so, and how to get it', async () => {
    const message =
      'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x. \nPlease';
    const bare = async (): Promise<never> => {
      throw new Error(message);
    };
    expect((await failure(loadTfjsEngine(bare, '22.1.0'))).message).toMatch(
      /without its native library; run "npm rebuild @tensorflow\/tfjs-node" where/,
    );
  });

  it('loaded, but failing in its operations as on Node 23: the version is the reason', async () => {
    const broken = {
      ...tf,
      matMul: () => {
        throw new TypeError('(0 , util_1.isNullOrUndefined) is not a function');
      },
    };
    const error = await failure(loadTfjsEngine(async () => ({ default: broken }), '23.4.0'));
    expect(error.message).toBe(
      'engine tfjs: @tensorflow/tfjs-node does not work on Node 23.4.0: ' +
        '(0 , util_1.isNullOrUndefined) is not a function; ' +
        'it needs Node 22 or older; this is Node 23.4.0',
    );
  });

  it('computing nonsense: not taken', async () => {
    const wrong = { ...tf, tanh: tf.sigmoid };
    const error = await failure(loadTfjsEngine(async () => ({ default: wrong }), '20.1.0'));
    expect(error.message).toMatch(/its arithmetic is wrong: a weight is off by/);
  });
});
