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
      fault(['series'], `has names of payload: line_protocol, and the payload is ${payload}`);
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
