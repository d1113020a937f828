/** The proposal as a configuration that a person reads: YAML with the reasons as comments. */
import { parse } from 'yaml';
import { formatDuration } from '../../../config/duration.ts';
import { listed, many, roughly } from '../words.ts';
import { partsBy } from './filters.ts';
import type { LeftTopics, Proposal } from './proposal.ts';
import type { StreamPlan } from './stream.ts';

/** A password or token, of which the configuration never holds more than the place. */
export type SecretPlace = { readonly env: string } | { readonly file: string };

export interface BrokerSetup {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: SecretPlace | undefined;
  readonly caFile?: string | undefined;
}

export interface InfluxSetup {
  readonly url: string;
  readonly version: 1 | 2 | 3;
  /** Of version 2 the bucket. */
  readonly database: string;
  readonly org?: string | undefined;
  readonly token?: SecretPlace | undefined;
  readonly username?: string | undefined;
  readonly password?: SecretPlace | undefined;
}

export interface ConfigSetup {
  /** Name of the file, for what it says of itself. */
  readonly file: string;
  /** When and what was listened to: `on 2026-05-02, after 30s of # …`. */
  readonly heard: string;
  readonly broker: BrokerSetup;
  readonly influx: InfluxSetup | undefined;
  readonly httpPort: number | undefined;
}

const COLUMNS_MAX = 98;
/** Where learning each series at full effort is more than two cores do. */
const SERIES_BALANCED_MAX = 1_000;

export function configText(proposal: Proposal, setup: ConfigSetup): string {
  const effort = proposal.series > SERIES_BALANCED_MAX ? 'low' : undefined;
  return `${[
    ...comment('', `Written by foretide init ${setup.heard}`),
    '#',
    ...comment('', `foretide check ${setup.file}   shows every default`),
    ...comment('', `foretide run ${setup.file}     runs it`),
    '# All keys: docs/configuration.md',
    '',
    ...sourceLines(setup.broker),
    '',
    '# A message goes to the first stream whose topic filter matches.',
    'streams:',
    ...proposal.streams.flatMap((stream, i) => [
      ...(i > 0 ? [''] : []),
      ...streamLines(stream, effort),
    ]),
    ...leftLines(proposal.left),
    '',
    ...sinkLines(setup.influx),
    ...httpLines(setup.httpPort),
  ].join('\n')}\n`;
}

function sourceLines({ url, username, password, caFile }: BrokerSetup): string[] {
  const lines = ['source:', '  mqtt:', `    url: ${scalar(url)}`];
  if (username !== undefined) lines.push(`    username: ${scalar(username)}`);
  lines.push(...secretLines('password', password));
  if (caFile !== undefined) lines.push(`    tls: { ca_file: ${scalar(caFile)} }`);
  return lines;
}

function secretLines(key: string, place: SecretPlace | undefined): string[] {
  if (!place) return [];
  if ('file' in place) {
    return ['    # Its first line is the secret.', `    ${key}_file: ${scalar(place.file)}`];
  }
  return ['    # From the environment.', `    ${key}: \${${place.env}}`];
}

function streamLines(plan: StreamPlan, effort: string | undefined): string[] {
  const { topics, series, example, notes, strays, values, columns } = plan;
  const count = `${many(topics.length, 'topic')}, ${many(series, 'series', 'series')}; as in`;
  const lines = [...comment('  ', `${count} ${example.topic}: ${example.payload}`)];
  for (const note of notes) lines.push(...comment('  ', note));
  if (strays.length > 0) {
    lines.push(...comment('  ', `Takes ${listed(strays)} too, which counts as invalid.`));
  }
  lines.push(`  - topic: ${scalar(plan.filter)}`);
  const put = (key: string, value: string, ...why: string[]): void => {
    for (const text of why) lines.push(...comment('    ', text));
    lines.push(`    ${key}: ${value}`);
  };
  if (plan.kind === 'symbol') {
    put('kind', 'symbol', 'States: the forecast is how likely each is.');
  }
  put('payload', plan.payload);
  if (columns) put('columns', flow(columns), 'Name the columns as you like, here and below.');
  if (values.length > 0) {
    const isOne = values.length === 1 && plan.payload !== 'line_protocol';
    put('values', isOne ? scalar(values[0]!) : flow(values), ...leftFields(plan));
  }
  if (plan.channels) {
    put('channels', plan.channels, 'Not every message has all of them, so each goes its own way.');
  }
  putTime(plan, put);
  putGrid(plan, put);
  const name = values.length > 0 ? '{topic}/{field}' : '{topic}';
  if (plan.payload === 'line_protocol') {
    lines.push('    # Series are named by measurement, tags and field.');
  } else if (plan.payload === 'sparkplug') {
    lines.push(
      '    # Series are named by group, node, device and metric; nodes are asked for their births.',
    );
  } else put('series', JSON.stringify(name));
  const span = plan.everyMs === undefined ? '' : `: ${roughly(plan.everyMs * plan.horizon)}`;
  put('horizon', String(plan.horizon), `Steps ahead${span}.`);
  if (plan.transform) {
    put('transform', plan.transform, 'Prices: changes in proportion, intervals as wide as these.');
  }
  if (effort) put('model', `{ effort: ${effort} }`, 'Very many series: the quick methods.');
  return lines;
}

/** Fields that are not forecast, by reason. */
function leftFields({ leftOut, time }: StreamPlan): string[] {
  const clock = typeof time === 'string' ? undefined : time.field;
  const left = leftOut.filter(({ name }) => name !== clock);
  return partsBy(left, ({ reason }) => reason).map((alike) => {
    return `Left out: ${alike.map(({ name }) => name).join(', ')} (${alike[0]!.reason})`;
  });
}

type Put = (key: string, value: string, ...why: string[]) => void;

function putTime({ time, timeNote, disorderMs, latenessMs }: StreamPlan, put: Put): void {
  const note = timeNote === undefined ? [] : [timeNote];
  if (typeof time === 'string') put('time', time, ...note);
  else put('time', `{ field: ${flowScalar(time.field)}, unit: ${time.unit} }`, ...note);
  if (latenessMs === 0) return;
  const seen = formatDuration(Math.round(disorderMs));
  put('lateness', formatDuration(latenessMs), `Messages came out of order, by up to ${seen}.`);
}

function putGrid({ everyMs, everyNote, aggregate }: StreamPlan, put: Put): void {
  const note = `${everyNote[0]!.toUpperCase()}${everyNote.slice(1)}.`;
  if (everyMs !== undefined) put('every', formatDuration(everyMs), note);
  else put('# every', '10s', note);
  if (aggregate) put('aggregate', aggregate);
}

function leftLines(left: readonly LeftTopics[]): string[] {
  if (left.length === 0) return [];
  const lines = ['', '# Without a forecast:'];
  for (const { topics, reason } of left) {
    lines.push(...comment('', `  ${listed(topics)}: ${reason}`));
  }
  return lines;
}

function sinkLines(influx: InfluxSetup | undefined): string[] {
  if (!influx) {
    return [
      'sinks:',
      '  # InfluxDB, when you have one: influx: { url: http://127.0.0.1:8086, database: foretide }',
      '  # Until then a file of line protocol, in the folder you start foretide in.',
      '  line_protocol: { file: forecast.lp }',
    ];
  }
  const { url, version, database, org, token, username, password } = influx;
  const lines = ['sinks:', '  influx:', `    url: ${scalar(url)}`];
  if (version !== 1) lines.push(`    version: ${version}`);
  if (org !== undefined) lines.push(`    org: ${scalar(org)}`);
  lines.push(`    ${version === 2 ? 'bucket' : 'database'}: ${scalar(database)}`);
  if (username !== undefined) lines.push(`    username: ${scalar(username)}`);
  lines.push(...secretLines('password', password), ...secretLines('token', token));
  return lines;
}

function httpLines(port: number | undefined): string[] {
  if (port === undefined) return [];
  return ['', '# The live page, for this machine alone.', 'http:', `  port: ${port}`];
}

/** A value of a block, quoted where YAML needs it; `${` is no variable. */
function scalar(value: string): string {
  const escaped = value.replaceAll('${', '$${');
  const isPlain = /^[\w./+-][\w./+: -]*$/.test(escaped) && isItself(escaped);
  return isPlain ? escaped : JSON.stringify(escaped);
}

function flowScalar(value: string): string {
  const escaped = value.replaceAll('${', '$${');
  const isPlain = /^[A-Za-z_][\w.-]*$/.test(escaped) && isItself(escaped);
  return isPlain ? escaped : JSON.stringify(escaped);
}

function isItself(text: string): boolean {
  try {
    return parse(text) === text;
  } catch {
    return false;
  }
}

function flow(values: readonly string[]): string {
  return `[${values.map(flowScalar).join(', ')}]`;
}

/** Lines of a comment, wrapped; control characters would end it. */
function comment(indent: string, text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  const lead = /^ */.exec(clean)![0];
  const lines: string[] = [];
  let line = '';
  for (const word of clean.trim().split(' ')) {
    if (line !== '' && indent.length + lead.length + line.length + word.length + 3 > COLUMNS_MAX) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((part) => `${indent}# ${lead}${part}`);
}
