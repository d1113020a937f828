import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { initialWeights } from '../recurrent/initial.ts';
import { readWeights, writeWeights } from '../recurrent/weights-file.ts';
import { exportWeights, importWeights } from './weights.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-weights-'));
afterAll(() => rmSync(dir, { recursive: true }));
const at = (name: string): string => join(dir, name);

const shape = { cell: 'gru', inputs: 3, hidden: 5, layers: 2, outputs: 2 } as const;
const weights = initialWeights({ ...shape, windowSteps: 1 }, 1).map(Math.fround);
writeFileSync(at('initial.ftw'), writeWeights({ shape, weights }));

describe('export, then import', () => {
  it('gives the same network, and says what it is', () => {
    const text = 'gru, inputs 3, hidden 5, layers 2, outputs 2';
    expect(exportWeights(at('initial.ftw'), at('deep/model'))).toContain(text);
    expect(importWeights(at('deep/model'), at('back.ftw'))).toBe(
      `wrote ${at('back.ftw')}: ${text}`,
    );
    expect(readWeights(readFileSync(at('back.ftw')))).toEqual({ shape, weights });
    importWeights(at('deep/model/model.json'), at('again.ftw'));
    expect(readFileSync(at('again.ftw'))).toEqual(readFileSync(at('back.ftw')));
  });

  it('overwrites nothing', () => {
    const before = readFileSync(at('initial.ftw'));
    exportWeights(at('initial.ftw'), at('once'));
    expect(() => importWeights(at('once'), at('initial.ftw'))).toThrow(
      /initial.ftw exists; remove/,
    );
    expect(() => exportWeights(at('initial.ftw'), at('once'))).toThrow(/weights.bin exists/);
    expect(readFileSync(at('initial.ftw'))).toEqual(before);
  });
});

describe('refusals name the file, and write nothing', () => {
  it.each<[string, string, RegExp]>([
    ['absent', '', /absent.* cannot be read: ENOENT/],
    ['no-json', '{', /no-json.*model.json: .*JSON/],
    ['no-model', '{}', /no-model.*model.json: model.json is not a LayersModel/],
  ])('%s', (name, text, message) => {
    if (text) {
      mkdirSync(at(name));
      writeFileSync(join(at(name), 'model.json'), text);
    }
    expect(() => importWeights(at(name), at('none.ftw'))).toThrow(message);
    expect(existsSync(at('none.ftw'))).toBe(false);
  });

  it.each(['../initial.ftw', '/etc/hostname', 'absent.bin'])('a model that names %s', (path) => {
    const model = at(`names-${path.replaceAll('/', '-')}`);
    exportWeights(at('initial.ftw'), model);
    const json = readFileSync(join(model, 'model.json'), 'utf8');
    writeFileSync(join(model, 'model.json'), json.replace('weights.bin', path));
    const message = path === 'absent.bin' ? /absent.bin cannot be read/ : /not in its own folder/;
    expect(() => importWeights(model, at('none.ftw'))).toThrow(message);
  });

  it('what is no weights file', () => {
    writeFileSync(at('text.ftw'), 'nothing of the kind');
    expect(() => exportWeights(at('text.ftw'), at('out'))).toThrow(
      /text.ftw: is not a weights file/,
    );
  });
});
