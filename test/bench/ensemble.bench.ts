/**
 * The ensemble's promise on seeded streams: mean squared error ÷ that of the best single expert (in
 * hindsight, over the same targets), ÷ last value, ÷ seasonal naive; > 1.01 is marked.
 *
 *   npm run bench:ensemble [-- --only walk --effort low]
 */
import { parseArgs } from 'node:util';
import type { Effort } from '../../src/forecaster/forecaster.ts';
import { hardStreams } from '../support/hard-streams.ts';
import { best, type LeadErrors, measure } from '../support/promise.ts';

const HORIZON = 24;
const LEADS = [1, HORIZON / 2, HORIZON];
const BOUND = 1.01;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    effort: { type: 'string', default: 'low,balanced' },
  },
});

function ratio(a: number, b: number): string {
  const value = a / b;
  return `${value.toFixed(3)}${value > BOUND ? '!' : ' '}`;
}

function cells(errors: LeadErrors, season: number | undefined): string {
  const { forecast, experts } = errors;
  const seasonal = experts.get(`seasonal_${season}`);
  const naive = seasonal === undefined ? '  –   ' : ratio(forecast, seasonal);
  const [name, least] = best(errors);
  return `${ratio(forecast, least)} ${ratio(forecast, experts.get('last_value')!)} ${naive} ${name}`;
}

let over = 0;
let total = 0;
console.log(
  `stream, effort: per lead (${LEADS.join(', ')}) ÷ best, ÷ last value, ÷ seasonal naive`,
);
for (const stream of hardStreams().filter(({ name }) => name.includes(options.only))) {
  for (const effort of options.effort.split(',') as Effort[]) {
    const errors = measure(stream, effort, HORIZON, LEADS);
    total += errors.length;
    over += errors.filter((e) => e.forecast > BOUND * best(e)[1]).length;
    const columns = errors.map((e) => cells(e, stream.seasonSteps[0]).padEnd(44));
    console.log(`${stream.name.padEnd(36)} ${effort.padEnd(9)} ${columns.join('')}`.trimEnd());
  }
}
console.log(`${over} of ${total} above ${BOUND} × the best expert`);
