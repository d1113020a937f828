/** What must hold between a stream's payload and its other keys. */
import { rule } from './rule.ts';
import { noTwins, type StreamKeys, templateOr } from './stream-keys.ts';
import type { TemplatePart } from './template.ts';

/** Memory grows with its square: every forecast is kept until the last of its targets has come. */
const SYMBOL_HORIZON_MAX = 96;

export const payloadRule = rule<StreamKeys>(
  ['payload', 'columns', 'values', 'time'],
  ({ payload, columns, values, time }, fault) => {
    if (columns && payload !== 'csv') {
      fault(['columns'], `belongs to payload: csv, and the payload is ${payload}; remove one`);
    }
    noTwins('columns', columns ?? [], fault);
    if (typeof values !== 'string') noTwins('values', values, fault);
    if (payload !== 'number' && payload !== 'text') return;
    const one = payload === 'number' ? 'one number' : 'one symbol';
    if (values !== '*') {
      fault(['values'], `a payload that is ${one} has no fields; remove values`);
    }
    if (time !== 'auto' && time !== 'receive') {
      fault(['time'], `a payload that is ${one} has no time field; write receive`);
    }
  },
);

const TAGGED: readonly TemplatePart['kind'][] = ['measurement', 'tag', 'tags'];

export const lineProtocolRule = rule<StreamKeys>(
  ['payload', 'time', 'series'],
  ({ payload, time, series }, fault) => {
    if (payload !== 'line_protocol') {
      const parts = templateOr(series ?? '', () => {});
      if (!parts.some(({ kind }) => TAGGED.includes(kind))) return;
      fault(
        ['series'],
        `has names of payload: line_protocol, and the payload is ${payload}; write others`,
      );
      return;
    }
    if (time === 'auto' || time === 'receive') return;
    const { field, unit } = typeof time === 'string' ? { field: time, unit: 'auto' } : time;
    if (field !== 'time') {
      fault(
        ['time'],
        'of line protocol stands at the end of a line and is called time; write time',
      );
    }
    if (unit === 'iso') {
      fault(['time', 'unit'], 'of line protocol is a number; write s, ms, us, ns or auto');
    }
  },
);

export const sparkplugRule = rule<StreamKeys>(
  ['payload', 'topic', 'time', 'series', 'rebirth'],
  ({ payload, topic, time, series, rebirth }, fault) => {
    if (payload !== 'sparkplug') {
      if (rebirth === undefined) return;
      fault(
        ['rebirth'],
        `belongs to payload: sparkplug, and the payload is ${payload}; remove one`,
      );
      return;
    }
    if (!/^([^/]+\/([^/]+\/(\+\/([^/]+\/)?)?)?)?#$/.test(topic)) {
      const message = `"${topic}" does not bring births, data and deaths of nodes and devices alike`;
      fault(['topic'], `${message}; write spBv1.0/# or spBv1.0/GROUP/+/NODE/#`);
    }
    if (time !== 'auto' && time !== 'receive') {
      fault(['time'], 'of Sparkplug metrics has a place of its own; write auto or receive');
    }
    const parts = templateOr(series ?? '', () => {});
    if (
      parts.some((part) => part.kind === 'topic' || (part.kind === 'level' && part.level === 2))
    ) {
      const message = 'births and data have other topics, and would make other series';
      fault(['series'], `${message}; write {topic[1]}, {topic[3]} and {topic[4]}`);
    }
  },
);

export const symbolRule = rule<StreamKeys>(
  ['kind', 'payload', 'aggregate', 'horizon', 'model'],
  ({ kind, payload, aggregate, horizon, model }, fault) => {
    if (kind !== 'symbol') {
      if (payload === 'text') fault(['payload'], 'holds a symbol; add kind: symbol to the stream');
      return;
    }
    if (payload === 'number') fault(['payload'], 'is no symbol; write text');
    if (!['auto', 'none', 'last'].includes(aggregate)) {
      fault(['aggregate'], `symbols have no ${aggregate}; write last or none`);
    }
    if (horizon > SYMBOL_HORIZON_MAX) {
      fault(['horizon'], `of symbols is at most ${SYMBOL_HORIZON_MAX} steps; shorten it`);
    }
    if (model.initial_weights !== undefined) {
      fault(['model', 'initial_weights'], 'are those of a series of numbers; remove them');
    }
  },
);
