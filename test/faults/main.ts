/**
 * The promises of docs/reliability.md under real faults, in their long versions: real processes, a
 * real Mosquitto, a real InfluxDB. The short versions are tests (`*.test.ts` beside this file).
 *
 *   npm run test:faults [-- --only NAME --runs N --seed S --list]
 *
 * One table row a scenario; ends with 1 where a promise did not hold.
 */
import { parseArgs } from 'node:util';
import { FaultError, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const { values: options } = parseArgs({
  options: {
    /** Part of a scenario's name; may be given more than once. */
    only: { type: 'string', multiple: true, default: [] },
    /** In place of each scenario's own number. */
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
});

const seed = wholeNumber('seed', options.seed);
const runs = options.runs === undefined ? undefined : wholeNumber('runs', options.runs);
const chosen = SCENARIOS.filter(
  ({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)),
);

if (chosen.length === 0) {
  fail(`no scenario is named so; there are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
}
if (options.list) {
  for (const { name, longRuns, faultModel } of chosen) {
    console.log(`${name} (${longRuns}): ${faultModel}`);
  }
} else {
  const rows = [];
  for (const scenario of chosen) rows.push(await row(scenario));
  console.log('\n| scenario | runs | counts | seconds | held |\n|---|---|---|---|---|');
  for (const { text } of rows) console.log(text);
  // Clients of a broker that was killed may still be on their way out.
  process.exit(rows.every(({ held }) => held) ? 0 : 1);
}

async function row(scenario: Scenario): Promise<{ text: string; held: boolean }> {
  const { name } = scenario;
  const count = runs ?? scenario.longRuns;
  const startedMs = performance.now();
  let counts = '';
  let held = true;
  console.error(`${name}: ${count} runs, seed ${seed}`);
  try {
    const log = (text: string): void => console.error(`${name}: ${text}`);
    const outcome = await scenario.run({ runs: count, seed, log });
    counts = Object.entries(outcome.counts)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
  } catch (error) {
    held = false;
    console.error(error);
    counts = firstLine(error instanceof FaultError ? error.message : String(error));
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const text = `| ${name} | ${count} | ${counts} | ${seconds} | ${held ? 'yes' : '**no**'} |`;
  console.error(text);
  return { text, held };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) fail(`--${name} ${text}: not a whole number >= 1`);
  return value;
}

function fail(message: string): never {
  console.error(`test:faults: ${message}`);
  process.exit(2);
}
