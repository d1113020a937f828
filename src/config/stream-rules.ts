/** What must hold between the keys of one stream, and between the streams. */
import { CHANNELS_MAX } from './channels.ts';
import { formatPeriod, periodMs } from './duration.ts';
import { lineProtocolRule, payloadRule, sparkplugRule, symbolRule } from './payload-rules.ts';
import { type FaultAt, rule } from './rule.ts';
import { type StreamKeys, templateOr } from './stream-keys.ts';
import { filterCovers, topicFilterFault } from './topic.ts';

/** A season of more steps would need megabytes a series. */
/** The forecaster's bound: a series remembers three seasons. */
const SEASON_STEPS_MAX = 100_000;

const topicRule = rule<StreamKeys>(['topic'], ({ topic }, fault) => {
  const message = topicFilterFault(topic);
  if (message) fault(['topic'], message);
});

const seasonRule = rule<StreamKeys>(['every', 'seasons'], ({ every, seasons }, fault) => {
  if (seasons === 'auto') return;
  for (const [i, season] of seasons.entries()) {
    const text = formatPeriod(season);
    const twin = seasons.findIndex((other) => periodMs(other) === periodMs(season));
    if (twin < i) fault(['seasons', i], `${text} is as long as seasons[${twin}]; remove one`);
    if (!every) continue;
    const steps = periodMs(season) / periodMs(every);
    const grid = `every: ${formatPeriod(every)}`;
    if (steps < 2) {
      fault(['seasons', i], `${text} holds fewer than two steps of ${grid}; write a longer season`);
    } else if (steps > SEASON_STEPS_MAX) {
      const most = `the most is ${SEASON_STEPS_MAX}`;
      fault(
        ['seasons', i],
        `${text} holds ${Math.round(steps)} steps of ${grid}, ${most}; shorten it`,
      );
    }
  }
});

const leadsRule = rule<StreamKeys>(['horizon', 'score_leads'], (stream, fault) => {
  const { horizon, score_leads: leads } = stream;
  if (leads === undefined || leads === 'all') return;
  for (const [i, lead] of leads.entries()) {
    if (lead > horizon) {
      const message = `${lead} lies beyond the horizon (${horizon}); write a lead from 1 to ${horizon}`;
      fault(['score_leads', i], message);
    }
    if (leads.indexOf(lead) < i) fault(['score_leads', i], `${lead} is given twice; remove one`);
  }
});

const weightsRule = rule<StreamKeys>(['every', 'model'], ({ every, model }, fault) => {
  if (model.initial_weights === undefined) return;
  const at = ['model', 'initial_weights'];
  if (model.cell === 'none') fault(at, 'needs a network, and model.cell is none; remove one');
  // What a network's inputs are depends on its grid.
  else if (!every) fault(at, 'needs the grid of the series to be fixed; add every to the stream');
});

/** What only numbers have. */
const numberRule = rule<StreamKeys>(
  ['kind', 'transform', 'bounds', 'bars', 'covariates'],
  ({ kind, transform, bounds, bars, covariates }, fault) => {
    if (kind !== 'symbol') return;
    const message = 'is for numbers, and the stream is of kind: symbol; remove one';
    if (transform !== 'none') fault(['transform'], message);
    if (bounds) fault(['bounds'], message);
    if (bars) fault(['bars'], message);
    if (covariates.length > 0) fault(['covariates'], message);
  },
);

const seriesRule = rule<StreamKeys>(['topic', 'series'], ({ topic, series }, fault) => {
  if (series === undefined) return;
  const levels = topic.split('/');
  const last = levels.length - 1;
  for (const part of templateOr(series, (message) => fault(['series'], message))) {
    if (part.kind !== 'level' || part.level <= last || levels[last] === '#') continue;
    const message = `{topic[${part.level}]}: the topic "${topic}" has levels 0 to ${last}`;
    fault(['series'], `${message}; write one of those`);
  }
});

const fieldRule = rule<StreamKeys>(['values', 'series'], ({ values, series }, fault) => {
  if (series === undefined || !Array.isArray(values) || values.length < 2) return;
  if (templateOr(series, () => {}).some((part) => part.kind === 'field')) return;
  fault(['series'], `would give ${values.length} fields one name; add {field}`);
});

const boundsRule = rule<StreamKeys>(['bounds', 'transform'], ({ bounds, transform }, fault) => {
  if (!bounds) return;
  const { min, max } = bounds;
  if (min === undefined && max === undefined) {
    fault(['bounds'], 'is empty; give min, max or both, or remove the line');
  } else if (min !== undefined && max !== undefined && min >= max) {
    fault(['bounds', 'min'], `${min} is not below max (${max}); write a smaller one`);
  }
  if (transform !== 'log' && transform !== 'log_return') return;
  if (max !== undefined && max <= 0) {
    const message = `${max} leaves nothing, since transform: ${transform} takes values above 0 alone; remove one`;
    fault(['bounds', 'max'], message);
  }
  if (min !== undefined && min < 0) {
    const message = `${min} cannot be reached, since transform: ${transform} takes values above 0 alone; remove one`;
    fault(['bounds', 'min'], message);
  }
});

const barsRule = rule<StreamKeys>(
  ['bars', 'every', 'payload', 'values', 'aggregate'],
  ({ bars, every, payload, values, aggregate }, fault) => {
    if (!bars) return;
    const { price, volume } = bars;
    if (!every) fault(['bars'], 'needs the length of a bar; add every to the stream');
    if (values !== '*') fault(['values'], 'bars say which fields are taken; remove values');
    if (aggregate !== 'auto') {
      fault(['aggregate'], 'bars say how samples are put together; remove aggregate');
    }
    if (payload === 'number') {
      const given = price !== undefined ? 'price' : 'volume';
      if (price === undefined && volume === undefined) return;
      fault(['bars', given], `a payload that is one number has no fields; remove ${given}`);
    } else if (price === undefined) {
      fault(['bars'], 'needs the field of the price; add price');
    } else if (price === volume) {
      fault(['bars', 'volume'], `"${volume}" is the price already; name another field`);
    }
  },
);

const covariatesRule = rule<StreamKeys>(
  ['covariates', 'every', 'values', 'channels', 'bars'],
  ({ covariates, every, values, channels, bars }, fault) => {
    if (covariates.length === 0) return;
    const at = ['covariates'];
    if (!every) fault(at, 'need the grid of the series to be fixed; add every to the stream');
    if (bars) fault(at, 'cannot go with bars; remove one');
    else if (values === '*') fault(at, 'need the values to be named; add values');
    if (channels === 'apart') fault(at, 'need channels: together; remove channels');
    const targets = typeof values === 'string' ? [values] : values;
    const past = covariates.filter(({ known }) => !known).length;
    if (targets.length + past > CHANNELS_MAX) {
      fault(at, `with values make more than ${CHANNELS_MAX} fields; give fewer`);
    }
    for (const [i, { field }] of covariates.entries()) {
      const isTwin = covariates.findIndex((other) => other.field === field) < i;
      if (isTwin) fault(['covariates', i, 'field'], `"${field}" is given twice; remove one`);
      if (!targets.includes(field)) continue;
      fault(['covariates', i, 'field'], `"${field}" is forecast already, in values; remove one`);
    }
  },
);

export const streamRules = [
  topicRule,
  seasonRule,
  leadsRule,
  weightsRule,
  payloadRule,
  lineProtocolRule,
  sparkplugRule,
  symbolRule,
  numberRule,
  seriesRule,
  fieldRule,
  boundsRule,
  barsRule,
  covariatesRule,
] as const;

/**
 * Names and topics of all streams. Entries may be unsound in any way: each one is looked at only as
 * far as it is what it should be.
 */
export function checkStreams(streams: readonly unknown[], fault: FaultAt): void {
  const names = new Map<string, number>();
  const topics: (string | undefined)[] = [];
  for (const [i, stream] of streams.entries()) {
    const topic = textOf(stream, 'topic');
    const name = textOf(stream, 'name');
    topics.push(topic === undefined || topicFilterFault(topic) ? undefined : topic);
    const called = name ?? topic;
    if (called === undefined) continue;
    const twin = names.get(called);
    if (twin === undefined) names.set(called, i);
    else if (name !== undefined) {
      fault(
        ['streams', i, 'name'],
        `"${name}" is the name of streams[${twin}] too; choose another`,
      );
    } else if (topics[twin] !== topic) {
      const message = `is called "${called}" after its topic, as streams[${twin}] is; add a name`;
      fault(['streams', i], message);
    }
  }
  for (const [i, topic] of topics.entries()) {
    if (topic === undefined) continue;
    const before = topics.findIndex((t, j) => j < i && t !== undefined && filterCovers(t, topic));
    if (before < 0) continue;
    const message = `never gets a message: streams[${before}] ("${topics[before]}") comes first and takes them all`;
    fault(['streams', i, 'topic'], `${message}; put the narrower topic first, or remove one`);
  }
}

function textOf(stream: unknown, key: 'name' | 'topic'): string | undefined {
  if (typeof stream !== 'object' || stream === null) return undefined;
  const value = (stream as Record<string, unknown>)[key];
  return typeof value === 'string' ? value : undefined;
}
