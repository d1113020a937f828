import { describe, expect, it } from 'vitest';
import { symbolPoints } from '../../test/support/points.ts';
import { LineEncoder } from './line-protocol.ts';

const encode = (names: readonly string[], over = {}, actual = true) =>
  new LineEncoder({ actual, precision: 'ms' }).encode([symbolPoints(names, over)]);

describe('symbolLines', () => {
  it('writes the layout: actual, forecast_score, forecast', () => {
    const { lines, rejected } = encode(['rest', 'run']);
    expect(lines).toEqual([
      'actual,series=boiler/temperature,symbol=run value=1 1704067200000',
      'forecast_score,lead=1,series=boiler/temperature ' +
        'log_loss=0.6931471805599453,probability=0.5,hit=1,skill=0.25 1704067200000',
      'forecast,series=boiler/temperature,symbol=rest probability=0.25,lead=1,issued=1704067200000 1704067260000',
      'forecast,series=boiler/temperature,symbol=run probability=0.75,lead=1,issued=1704067200000 1704067260000',
      'forecast,series=boiler/temperature,symbol=rest probability=0.5,lead=2,issued=1704067200000 1704067320000',
      'forecast,series=boiler/temperature,symbol=run probability=0.5,lead=2,issued=1704067200000 1704067320000',
    ]);
    expect(rejected).toEqual([]);
  });

  it.each([
    ['leg, left', 'leg\\,\\ left'],
    ['a=b', 'a\\=b'],
    ['two\nlines', 'two%0Alines'],
    ['back\\', 'back%5C'],
    ['Räder 🚲', 'Räder\\ 🚲'],
  ])('escapes the symbol %j', (name, tag) => {
    const [actual, first, second] = encode(['rest', name], { scores: [] }).lines;
    expect(actual).toBe(`actual,series=boiler/temperature,symbol=${tag} value=1 1704067200000`);
    expect(first).toMatch(/,symbol=rest /);
    expect(second).toContain(`,symbol=${tag} probability=0.75,`);
  });

  it('writes what came only where it is wanted and known', () => {
    expect(encode(['a', 'b'], {}, false).lines[0]).toMatch(/^forecast_score,/);
    expect(encode(['a', 'b'], { actual: -1, scores: [] }).lines[0]).toMatch(/^forecast,/);
  });

  it('never writes what is no number', () => {
    const { lines, rejected } = encode(['a', 'b'], {
      probability: Float64Array.of(Number.NaN, 0.75, 0.5, 0.5),
    });
    expect(lines.join()).not.toContain('NaN');
    expect(lines).toHaveLength(5);
    expect(rejected).toHaveLength(1);
  });
});
