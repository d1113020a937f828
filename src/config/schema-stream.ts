import { z } from 'zod';
import { duration, period } from './duration.ts';
import { count, inputPath, text } from './kinds.ts';
import { rule } from './rule.ts';
import { streamRules } from './stream-rules.ts';

const model = z
  .strictObject({
    cell: z
      .enum(['lstm', 'gru', 'rnn_tanh', 'rnn_relu', 'none'])
      .default('gru')
      .describe('Recurrent cell; none = simple experts only.'),
    hidden: count
      .max(512)
      .optional()
      .describe('Hidden units a layer. Default: 16; balanced: 24; high: 48.'),
    layers: count.max(3).default(1).describe('Stacked layers.'),
    update_interval: count
      .max(4096)
      .optional()
      .describe('Steps between updates (k1). Default: 4; balanced: 16; high: 8.'),
    window: count
      .max(4096)
      .optional()
      .describe(
        'Steps an update goes back (k2). Default: 32; high: 64, or a season of up to 192 steps.',
      ),
    effort: z
      .enum(['simple', 'low', 'balanced', 'high'])
      .default('balanced')
      .describe(
        'Methods beside last value, seasonal naive and the network. low: drift, Holt–Winters and a quick regression (about 12 µs a sample and 40 kB a series at horizon 12); balanced: four regressions and analogs as well (about 90 µs and 400 kB), and a second readout of the network; high: a larger network.',
      ),
    optimizer: z
      .enum(['sgd', 'rmsprop', 'adam'])
      .default('adam')
      .describe('How weights follow gradients.'),
    learning_rate: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe(
        'Step size of the optimizer. Default: 0.003; balanced: 0.02 and high: 0.01 for 1500 steps, then falling to a tenth.',
      ),
    clip_norm: z
      .number()
      .min(0)
      .default(1)
      .describe('Largest global norm of a gradient; 0 = no limit.'),
    engine: z
      .enum(['wasm', 'tfjs', 'reference'])
      .default('wasm')
      .describe('What computes the network; tfjs needs `npm install @tensorflow/tfjs-node`.'),
    engine_fallback: z
      .enum(['none', 'wasm', 'reference'])
      .default('none')
      .describe('Engine to use where `engine` cannot run; none = refuse to start.'),
    memory_mib: count
      .max(4096)
      .default(4096)
      .describe(
        'Most memory for networks and regressions, MiB a thread; a series that no longer fits is refused with a clear message (engine wasm).',
      ),
    initial_weights: inputPath
      .optional()
      .describe(
        'Weights that every series starts with, from `foretide weights import`; needs `every`, and seasons that are told (auto is then none).',
      ),
    seed: z
      .number()
      .int()
      .min(0)
      .max(0xffffffff)
      .default(1)
      .describe('Start of the random initial weights.'),
  })
  .check(
    rule(['update_interval', 'window'], (value, fault) => {
      const { update_interval: interval, window } = value;
      if (window !== undefined && interval !== undefined && window < interval) {
        const message = `${window} is shorter than update_interval (${interval}), so steps between two updates would teach nothing; write ${interval} or more`;
        fault(['window'], message);
      }
    }),
  );

const share = z.number().gt(0).lt(1);

const time = z.union([
  text,
  z.strictObject({
    field: text.describe('Field of the time; for CSV a column name or number.'),
    unit: z
      .enum(['auto', 's', 'ms', 'us', 'ns', 'iso'])
      .default('auto')
      .describe('Unit of the time; auto: told by form and magnitude.'),
  }),
]);

export const stream = z
  .strictObject({
    name: text.optional().describe('Name in messages and metrics; default: the topic filter.'),
    topic: text.describe('MQTT topic filter; `+` and `#` are wildcards.'),
    kind: z
      .enum(['number', 'symbol'])
      .default('number')
      .describe(
        'What the values are. symbol: states or classes, as texts, numbers or booleans; the forecast is how likely each is.',
      ),
    symbols_max: count
      .max(256)
      .default(32)
      .describe('Most symbols of a series; further ones count as one more, `(other)`.'),
    payload: z
      .enum(['json', 'number', 'csv', 'text', 'cbor', 'msgpack', 'line_protocol', 'sparkplug'])
      .default('json')
      .describe('What a message holds; docs/payloads.md tells of each.'),
    columns: z
      .array(text)
      .min(1)
      .optional()
      .describe(
        'Names of the columns of a CSV payload; without them they are numbered from 1. A CSV file has its own.',
      ),
    values: z
      .union([text, z.array(text).min(1)])
      .default('*')
      .describe(
        'Field or fields to forecast: `temperature`, `sensor.t[0]`; `*` = every number (or symbol) in the payload.',
      ),
    channels: z
      .enum(['together', 'apart'])
      .default('together')
      .describe(
        'Whether the values of one topic are learned together, where `values` lists 2 to 16 fields and `every` is given: a step waits for all of them, and each sees the others.',
      ),
    covariates: z
      .array(
        z.strictObject({
          field: text.describe('Field of the same payload, or column of the same row.'),
          known: z
            .boolean()
            .default(false)
            .describe(
              'Whether values come ahead of time, stamped with the time they are for; a CSV file’s column is read ahead.',
            ),
        }),
      )
      .max(8)
      .prefault([])
      .describe(
        'Fields that help to forecast `values` and are not forecast themselves; needs `every` and named `values`.',
      ),
    time: time
      .default('auto')
      .describe(
        'Event time: a field, `receive` for the time of arrival, or `auto`: a field named time, timestamp, ts, datetime or date, else the time of arrival. Texts without a zone are UTC.',
      ),
    max_ahead: duration
      .prefault('1h')
      .describe('Live sources: a stamp further ahead of this machine’s clock is invalid.'),
    series: text
      .optional()
      .describe(
        'Series name template: `{topic}`, `{topic[1]}` (a level, from 0), `{field}`, `{stream}`; default `{topic}`, with `/{field}` where there are several values. Line protocol has `{measurement}`, `{tag.host}` and `{tags}`, too, and its default begins `{measurement},{tags}` in place of the topic; that of Sparkplug begins `GROUP/NODE` or `GROUP/NODE/DEVICE`.',
      ),
    series_max: count
      .default(10_000)
      .describe('Most series this stream may create; samples of further ones are filtered.'),
    retained: z
      .enum(['skip', 'learn'])
      .default('skip')
      .describe(
        'What to do with the messages that the broker hands out when we first subscribe: their age is unknown.',
      ),
    rebirth: z
      .boolean()
      .optional()
      .describe(
        'Sparkplug: ask a node for its births (NCMD `Node Control/Rebirth`) when its data cannot be read without or messages are missing. Default: true.',
      ),
    every: period
      .optional()
      .describe(
        'Period of the grid: `10s`, `1h`, `1mo`; default: learned from the first 8 samples of each series.',
      ),
    aggregate: z
      .enum(['auto', 'none', 'mean', 'first', 'last', 'min', 'max', 'sum'])
      .default('auto')
      .describe(
        'How the samples of a step become its value; none: one sample a step; auto: told by the first samples (3 where `every` is given). Symbols: none or last.',
      ),
    lateness: duration
      .prefault('0s')
      .describe('How late, in event time, a sample may come and still count.'),
    gap_limit: count.default(1_000).describe('A gap of more steps restarts the window.'),
    ahead_limit: count
      .default(60)
      .describe('A stamp more steps ahead is held until two others confirm it.'),
    horizon: count.max(1_000).default(12).describe('Steps to forecast.'),
    transform: z
      .enum(['none', 'log', 'difference', 'log_return'])
      .default('none')
      .describe(
        'Units in which a series is learned. log: errors in proportion, for what is always above 0; difference and log_return: the size of recent changes sets the interval, for levels without a norm and for prices. Forecasts are written in the series’ own units.',
      ),
    bounds: z
      .strictObject({
        min: z.number().optional().describe('Least value; 0 for counts.'),
        max: z.number().optional().describe('Largest value.'),
      })
      .optional()
      .describe(
        'What forecasts and intervals never exceed. Values themselves are taken as they are.',
      ),
    bars: z
      .strictObject({
        price: text
          .optional()
          .describe('Field of the price; not for a payload that is one number.'),
        volume: text.optional().describe('Field of the traded volume.'),
      })
      .optional()
      .describe(
        'Trades become bars: series `…/open`, `…/high`, `…/low`, `…/close` and `…/volume`; needs `every`.',
      ),
    seasons: z
      .union([z.literal('auto'), z.array(period).max(8)])
      .prefault('auto')
      .describe(
        'Season lengths: `["24h", "7d"]`; `[]` = none; auto: found in the values as they come (effort simple and low: up to 340 steps, balanced 680, high 2,730).',
      ),
    coverage: z
      .union([share, z.array(share).min(1).max(4)])
      .default([0.8, 0.9])
      .describe(
        'Share of values that each interval should hold: one, or up to four. The widest is `lower` and `upper`; the others have theirs in the name: `lower_80`.',
      ),
    score_leads: z
      .union([z.literal('all'), z.array(count).min(1)])
      .optional()
      .describe('Leads written to forecast_score; default the first and the last.'),
    model: model.prefault({}).describe('The recurrent expert.'),
  })
  .check(...streamRules);
