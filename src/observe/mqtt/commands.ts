/** What can be asked on `<base>/request/…`: the keys of each request, and what it answers. */
import { z } from 'zod';
import type { MqttConfig } from '../../config/schema.ts';
import { type Control, type Monitor, ROW_ORDERS, SERIES_STATES } from '../monitor.ts';
import { healthOf } from './health.ts';

export interface Asked {
  readonly monitor: Monitor;
  readonly control: Control;
}

interface Command {
  /** Changes nothing. */
  readonly reads: boolean;
  readonly keys: z.ZodObject;
  /** @throws Error whose message is for the asker */
  run(keys: unknown, asked: Asked): Promise<unknown>;
}

const ROWS = 100;
const ROWS_MAX = 1_000;

/** Any JSON; it comes back with the answer. */
const id = { id: z.unknown().optional() };
const named = z.string().min(1).max(4_096);

function command<K extends z.ZodRawShape>(
  reads: boolean,
  keys: K,
  run: (keys: z.output<z.ZodObject<K>>, asked: Asked) => Promise<unknown>,
): Command {
  return {
    reads,
    keys: z.strictObject({ ...id, ...keys }),
    run: (given, asked) => run(given as z.output<z.ZodObject<K>>, asked),
  };
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  [
    'list',
    command(
      true,
      {
        search: z.string().max(1_000).optional(),
        state: z.enum(SERIES_STATES).optional(),
        stream: z.string().max(4_096).optional(),
        sort: z.enum(ROW_ORDERS).optional(),
        descending: z.boolean().optional(),
        offset: z.number().int().min(0).optional(),
        limit: z.number().int().min(1).max(ROWS_MAX).default(ROWS),
      },
      async (query, { monitor }) => monitor.board.rows(query),
    ),
  ],
  [
    'inspect',
    command(true, { series: named }, async ({ series }, { monitor }) => {
      const summary = monitor.board.summary(series);
      const learned = await monitor.learned(series);
      if (!summary && !learned) throw new Error(`series "${series}": there is none of that name`);
      return { summary: summary ?? null, learned: learned ?? null };
    }),
  ],
  ['health', command(true, {}, async (_, { monitor }) => healthOf(monitor))],
  ['pause', command(false, {}, (_, { control }) => done(control.pause(), { paused: true }))],
  ['resume', command(false, {}, (_, { control }) => done(control.resume(), { paused: false }))],
  [
    'forget',
    command(false, { series: named }, ({ series }, { control }) =>
      done(control.forget(series), { series }),
    ),
  ],
  [
    'snapshot',
    command(false, { name: named }, ({ name }, { control }) =>
      done(control.snapshot(name), { name }),
    ),
  ],
]);

async function done<T>(work: Promise<void>, result: T): Promise<T> {
  await work;
  return result;
}

/** Those that may be asked. */
export function allowed(requests: MqttConfig['requests']): string[] {
  if (requests === 'none') return [];
  return [...COMMANDS].flatMap(([name, { reads }]) => (reads || requests === 'all' ? name : []));
}

/** @throws Error that names every key that is wrong, and those that there are */
export function keysOf({ keys }: Command, given: unknown): unknown {
  const result = keys.safeParse(given);
  if (result.success) return result.data;
  const known = Object.keys(keys.shape).join(', ');
  const faults = result.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return `unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}; there are ${known}`;
    }
    const at = issue.path.join('.');
    return at === '' ? 'not an object: write {"key": value}' : `"${at}": ${issue.message}`;
  });
  throw new Error(faults.join('; '));
}
