import { expect, it } from 'vitest';
import { EngineUnavailable } from '../recurrent/load-engine.ts';
import { createReferenceEngine } from '../recurrent/reference.ts';
import { type EngineChoice, loadEngines } from './engines.ts';

const makers = {
  reference: createReferenceEngine,
  tfjs: () => {
    throw new EngineUnavailable('tfjs', 'is broken', 'mend it');
  },
};
const streams = (...choices: EngineChoice[]) =>
  new Map(choices.map((engine, i) => [`s${i}`, { engine }]));

it('loads an engine once for all streams that want it, and says once what it lacks', async () => {
  const lines: string[] = [];
  const other = { name: 'tfjs', fallback: 'reference' } as const;
  const plain = { name: 'reference', fallback: 'none' } as const;
  const wanted = streams(other, plain, other);
  const engines = await loadEngines(wanted, (line) => lines.push(line), makers);
  expect([...engines.keys()]).toEqual(['s0', 's1', 's2']);
  expect(engines.get('s2')).toBe(engines.get('s0'));
  expect(lines).toHaveLength(1);
});

it('refuses all when one stream has no engine', async () => {
  const wanted = streams({ name: 'tfjs', fallback: 'none' });
  await expect(loadEngines(wanted, () => {}, makers)).rejects.toThrow(/engine tfjs: is broken/);
});

it('has the engines that need nothing installed', async () => {
  const wanted = streams(
    { name: 'wasm', fallback: 'none' },
    { name: 'reference', fallback: 'none' },
  );
  const engines = await loadEngines(wanted, () => {});
  expect([...engines.values()].map(({ name }) => name)).toEqual(['wasm', 'reference']);
});
