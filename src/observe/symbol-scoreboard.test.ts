import { expect, it } from 'vitest';
import { seriesPoints, symbolPoints } from '../../test/support/points.ts';
import { SymbolScoreboard } from './symbol-scoreboard.ts';

it('adds up hits and losses beside those of the last symbol', () => {
  const board = new SymbolScoreboard();
  expect(board.table()).toBe('');
  board.add(seriesPoints());
  expect(board.table()).toBe('');
  const score = (lead: number, hit: boolean) => {
    return { lead, hit, logLoss: hit ? 0.5 : 1.5, probability: 0.5, skill: 0 };
  };
  board.add(symbolPoints(['a', 'b'], { actual: 0, scores: [] }));
  board.add(symbolPoints(['a', 'b'], { actual: -1, scores: [] }));
  board.add(symbolPoints(['a', 'b'], { actual: 0, scores: [score(1, true), score(2, false)] }));
  board.add(symbolPoints(['a', 'b'], { actual: 1, scores: [score(1, false), score(2, false)] }));
  expect(board.table().split('\n')).toEqual([
    'series              lead  scored  right  last symbol right  log loss',
    'boiler/temperature     1       2   50 %               50 %     1.000',
    'boiler/temperature     2       2    0 %               50 %     1.500',
  ]);
});
