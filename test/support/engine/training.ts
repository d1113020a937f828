import { describe, expect, it } from 'vitest';
import type { OpenEngine, OpenNetwork, TrainSettings } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';
import type { EngineTolerance } from '../engine-battery.ts';
import { expectClose, RMSPROP, shakeWeights, shapeOf, stream, targetsFor } from './tools.ts';

const SGD: TrainSettings = { optimizer: 'sgd', learningRate: 0.1, clipNorm: 0 };
const ADAM: TrainSettings = { optimizer: 'adam', learningRate: 0.01, clipNorm: 0 };

interface Ready {
  readonly network: OpenNetwork;
  readonly targets: Float64Array;
  readonly mask: Uint8Array;
}

function ready(create: () => OpenEngine, settings: TrainSettings): Ready {
  const network = create().create(shapeOf('gru'), settings, 1);
  shakeWeights(network, 2);
  const random = new Random(3);
  stream(network, 10, random);
  return { network, ...targetsFor(network, random) };
}

function normOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

export function describeTraining(create: () => OpenEngine, tolerance: EngineTolerance): void {
  const bound = tolerance.value;

  describe('steps', () => {
    it('SGD: against the gradient', () => {
      const { network, targets, mask } = ready(create, SGD);
      const before = network.weights();
      const report = network.train(targets, mask);
      const g = network.gradients();
      expectClose([report.gradNorm], [normOf(g)], bound, 'norm');
      expect(report.clipped).toBe(false);
      expectClose(
        network.weights(),
        before.map((p, j) => p - 0.1 * g[j]!),
        bound,
        'weights',
      );
    });

    it('clipNorm: the same direction, of the norm asked for', () => {
      const { network, targets, mask } = ready(create, { ...SGD, clipNorm: 0.05 });
      const before = network.weights();
      const report = network.train(targets, mask);
      const g = network.gradients();
      expect(report.clipped).toBe(true);
      expect(report.gradNorm).toBeGreaterThan(0.05);
      const scale = 0.05 / (normOf(g) + 1e-6);
      const expected = before.map((p, j) => p - 0.1 * scale * g[j]!);
      expectClose(network.weights(), expected, bound, 'weights');
    });

    it('clipValue: every element within its limit, then the norm', () => {
      const { network, targets, mask } = ready(create, { ...SGD, clipValue: 0.01, clipNorm: 0.02 });
      const before = network.weights();
      const report = network.train(targets, mask);
      expect(report.clipped).toBe(true);
      const limited = network.gradients().map((g) => Math.min(Math.max(g, -0.01), 0.01));
      expect(normOf(limited)).toBeGreaterThan(0.02);
      const scale = 0.02 / (normOf(limited) + 1e-6);
      const expected = before.map((p, j) => p - 0.1 * scale * limited[j]!);
      expectClose(network.weights(), expected, bound, 'weights');
    });

    it('clipValue alone is reported as clipping, and only where it limits something', () => {
      const limited = ready(create, { ...SGD, clipValue: 0.01 });
      expect(limited.network.train(limited.targets, limited.mask).clipped).toBe(true);
      const free = ready(create, { ...SGD, clipValue: 100 });
      expect(free.network.train(free.targets, free.mask).clipped).toBe(false);
    });

    it('quantile: a target that is met exactly asks for no change', () => {
      const loss = { kind: 'quantile', levels: [0.1, 0.9] } as const;
      const network = create().create(shapeOf('gru'), { ...SGD, loss }, 1);
      stream(network, 3, new Random(1));
      const report = network.train(new Float64Array(6), new Uint8Array(6).fill(1));
      expect(report).toMatchObject({ loss: 0, gradNorm: 0, skipped: false });
    });

    it('Adam: two steps by hand, with decoupled decay', () => {
      const { network, targets, mask } = ready(create, { ...ADAM, weightDecay: 0.3 });
      const p = network.weights();
      const m = new Float64Array(p.length);
      const s = new Float64Array(p.length);
      for (const n of [1, 2]) {
        network.train(targets, mask);
        const g = network.gradients();
        for (let j = 0; j < p.length; j++) {
          m[j] = 0.9 * m[j]! + 0.1 * g[j]!;
          s[j] = 0.999 * s[j]! + 0.001 * g[j]! ** 2;
          const step = m[j]! / (1 - 0.9 ** n) / (Math.sqrt(s[j]! / (1 - 0.999 ** n)) + 1e-8);
          p[j] = p[j]! - 0.01 * 0.3 * p[j]! - 0.01 * step;
        }
        expectClose(network.weights(), p, bound, `weights after ${n} steps`);
      }
    });

    it("the learning rate of an update takes precedence over the settings'", () => {
      const { network, targets, mask } = ready(create, SGD);
      const before = network.weights();
      network.train(targets, mask, 0.02);
      const g = network.gradients();
      expectClose(
        network.weights(),
        before.map((p, j) => p - 0.02 * g[j]!),
        bound,
        'weights',
      );
      expect(() => network.train(targets, mask, Number.NaN)).toThrow(/learning rate/);
    });

    it.each(['sgd', 'rmsprop', 'adam'] as const)('%s: rate 0 leaves the weights', (optimizer) => {
      const settings = { optimizer, learningRate: 0, clipNorm: 1, weightDecay: 0.1 };
      const { network, targets, mask } = ready(create, settings);
      const before = network.weights();
      for (let n = 0; n < 3; n++) expect(network.train(targets, mask).skipped).toBe(false);
      expect(network.weights()).toEqual(before);
    });

    it('repeated on one window, they bring the loss down', () => {
      const { network, targets, mask } = ready(create, RMSPROP);
      const first = network.train(targets, mask).loss;
      for (let n = 0; n < 200; n++) network.train(targets, mask);
      expect(network.train(targets, mask).loss).toBeLessThan(first / 4);
    });
  });

  describe('what cannot be learned from', () => {
    it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
      'a target of %s: skipped, and nothing of the network has changed',
      (bad) => {
        for (const settings of [SGD, RMSPROP, ADAM]) {
          const { network, targets, mask } = ready(create, settings);
          network.train(targets, mask);
          const before = network.save();
          const wrong = targets.slice();
          wrong[targets.length - 1] = bad;
          const report = network.train(wrong, mask);
          expect(report.skipped).toBe(true);
          expect(report.loss).toBeNaN();
          expect(report.gradientReach).toBeNaN();
          expect(network.save()).toEqual(before);
          expect(network.train(targets, mask).skipped).toBe(false);
        }
      },
    );

    // Of one known target: 1e300 overflows in the loss, 1.2e154 only in the norm of the gradient.
    it.each([1e300, 1.2e154])('a target of %d, which overflows: skipped', (huge) => {
      const { network, targets, mask } = ready(create, { ...SGD, clipNorm: 1 });
      const before = network.save();
      mask.fill(0, 0, -1);
      const report = network.train(targets.fill(huge), mask);
      expect(report.skipped).toBe(true);
      expect(network.save()).toEqual(before);
    });

    it('a masked target is never read', () => {
      const clean = ready(create, RMSPROP);
      const dirty = ready(create, RMSPROP);
      const hidden = dirty.targets.map((y, cell) => (dirty.mask[cell] === 0 ? Number.NaN : y));
      expect(hidden.some(Number.isNaN)).toBe(true);
      expect(dirty.network.train(hidden, dirty.mask)).toEqual(
        clean.network.train(clean.targets, clean.mask),
      );
      expect(dirty.network.save()).toEqual(clean.network.save());
    });

    it('no known target, or an empty window: skipped', () => {
      const { network, targets, mask } = ready(create, RMSPROP);
      const before = network.save();
      expect(network.train(targets, mask.fill(0)).skipped).toBe(true);
      expect(network.save()).toEqual(before);
      network.restart();
      expect(network.train(new Float64Array(0), new Uint8Array(0)).skipped).toBe(true);
    });

    it.each([
      [{ learningRate: -1 }, /learningRate must be/],
      [{ clipNorm: Number.NaN }, /clipNorm must be/],
      [{ optimizer: 'adagrad' as 'adam' }, /unknown optimizer "adagrad"; known: sgd/],
      [{ loss: { kind: 'huber', delta: 0 } as const }, /Huber/],
      [{ loss: { kind: 'quantile', levels: [0.5] } as const }, /2 levels.*not \[0\.5\]/],
      [{ loss: { kind: 'quantile', levels: [0.5, 1] } as const }, /between 0 and 1/],
    ])('settings %o are refused', (wrong, message) => {
      expect(() => create().create(shapeOf('gru'), { ...SGD, ...wrong }, 1)).toThrow(message);
    });
  });
}
