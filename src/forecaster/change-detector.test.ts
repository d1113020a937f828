import { describe, expect, it } from 'vitest';
import { Random } from '../recurrent/random.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { type Change, ChangeDetector } from './change-detector.ts';

type Draw = () => number;

function gaussian(seed: number): Draw {
  const random = new Random(seed);
  return () =>
    Math.sqrt(-2 * Math.log(1 - random.uniform(0, 1))) *
    Math.cos(2 * Math.PI * random.uniform(0, 1));
}

const NOISE: Record<string, (seed: number) => Draw> = {
  Gaussian: gaussian,
  Cauchy: (seed) => {
    const random = new Random(seed);
    return () => Math.tan(Math.PI * (random.uniform(0, 1) - 0.5));
  },
  'larger every noon': (seed) => {
    const draw = gaussian(seed);
    let step = 0;
    return () => draw() * (1 + 0.8 * Math.sin((2 * Math.PI * step++) / 96));
  },
  'in clusters': (seed) => {
    const draw = gaussian(seed);
    let variance = 1;
    return () => {
      const error = draw() * Math.sqrt(variance);
      variance = 0.05 + 0.1 * error * error + 0.85 * variance;
      return error;
    };
  },
};

/** Steps from a change at step 2,000 until it is told, and what is told; one entry a seed. */
function delays(change: (error: number) => number): { steps: number; told: Change | undefined }[] {
  return Array.from({ length: 40 }, (_, seed) => {
    const draw = gaussian(seed);
    const detector = new ChangeDetector();
    for (let i = 0; i < 2000; i++) detector.add(draw());
    for (let steps = 1; steps <= 500; steps++) {
      const told = detector.add(change(draw()));
      if (told) return { steps, told };
    }
    return { steps: 500, told: undefined };
  }).sort((a, b) => a.steps - b.steps);
}

describe('ChangeDetector', () => {
  it.each(Object.entries(NOISE))(
    'tells less than one false change in 10,000 steps: %s',
    (_, of) => {
      let told = 0;
      for (let seed = 0; seed < 10; seed++) {
        const draw = of(seed);
        const detector = new ChangeDetector();
        for (let i = 0; i < 20_000; i++) if (detector.add(draw())) told++;
      }
      expect(told).toBeLessThan(20);
    },
  );

  it.each([
    ['three times as large', (e: number) => 3 * e, 'larger', 15],
    ['twice as large', (e: number) => 2 * e, 'larger', 40],
    ['a third', (e: number) => e / 3, 'smaller', 45],
    ['shifted up by a deviation', (e: number) => e + 1, 'above', 40],
    ['shifted down by a deviation', (e: number) => e - 1, 'below', 40],
  ] as const)('tells errors %s', (_, change, kind, medianMax) => {
    const all = delays(change);
    const median = all[all.length / 2]!;
    expect(median.steps).toBeLessThanOrEqual(medianMax);
    expect(all.filter(({ told }) => told?.kind === kind).length).toBeGreaterThan(20);
    for (const { told } of all) {
      if (told) expect(told.strength).toBeGreaterThan(0);
      if (told) expect(told.strength).toBeLessThanOrEqual(1);
    }
  });

  it('takes no single outlier for a change, and no constant', () => {
    const draw = gaussian(1);
    const detector = new ChangeDetector();
    for (let i = 0; i < 3000; i++) {
      expect(detector.add(i % 200 === 199 ? 1e9 : draw())).toBeUndefined();
    }
    const still = new ChangeDetector();
    for (let i = 0; i < 1000; i++) expect(still.add(0)).toBeUndefined();
    expect(still.add(5)).toBeUndefined();
  });

  it('is the same in other units, and continues after load', () => {
    const draw = gaussian(3);
    const one = new ChangeDetector();
    const large = new ChangeDetector();
    const told: (Change | undefined)[] = [];
    for (let i = 0; i < 1005; i++) {
      const error = draw() * (i < 1000 ? 1 : 4);
      told.push(one.add(error));
      expect(large.add(error * 2 ** 200)).toEqual(told.at(-1));
    }
    const other = new ChangeDetector();
    other.load(new ByteReader(saved(one)));
    for (let i = 0; i < 300; i++) {
      const error = 4 * draw();
      told.push(one.add(error));
      expect(other.add(error)).toEqual(told.at(-1));
    }
    expect(told.some((change) => change?.kind === 'larger')).toBe(true);
    expect(saved(other)).toEqual(saved(one));
  });
});

function saved(detector: ChangeDetector): Uint8Array {
  const out = new ByteWriter();
  detector.save(out);
  return out.finish();
}
