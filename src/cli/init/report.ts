/** The findings, for a terminal. */
import { formatDuration } from '../../config/duration.ts';
import { formatNumber, formatTable } from '../../observe/table.ts';

import type { Proposal } from './proposal/proposal.ts';
import { type FieldFinding, isNumeric } from './survey/field.ts';
import type { Findings } from './survey/survey.ts';
import type { TopicFinding } from './survey/topic.ts';
import { listed, many, roughly } from './words.ts';

const TOPICS_SHOWN = 30;
const FIELDS_SHOWN = 6;
const TOPIC_CHARS_MAX = 48;
/** A payload that is its value. */
const WHOLE = { number: 'the number', symbol: 'the state' } as const;

export function findingsText(findings: Findings): string {
  const { topics } = findings;
  const busiest = topics.toSorted((a, b) => b.messages - a.messages).slice(0, TOPICS_SHOWN);
  const rows = topics
    .filter((topic) => busiest.includes(topic))
    .map((topic) => [
      shortened(topic.topic),
      String(topic.messages),
      rhythmText(topic),
      topic.format ?? '?',
      topic.clock.field ?? '–',
    ]);
  const table = formatTable(['topic', 'messages', 'every', 'payload', 'time'], rows);
  const lines = [table];
  if (topics.length > TOPICS_SHOWN) {
    lines.push(`… and ${many(topics.length - TOPICS_SHOWN, 'topic')} that said less`);
  }
  const told = shapes(topics);
  if (told.length > 0) lines.push('', 'Fields', ...told);
  return [...lines, ...cuts(findings)].join('\n');
}

/** One line a field of each shape of payload, with the first topic that has it. */
function shapes(topics: readonly TopicFinding[]): string[] {
  const seen = new Set<string>();
  return topics.flatMap(({ topic, format, fields }) => {
    const key = `${format}|${fields.map(({ name }) => name).join('|')}`;
    if (fields.length === 0 || seen.has(key)) return [];
    seen.add(key);
    const shown = fields.slice(0, FIELDS_SHOWN).map((field) => {
      const name = format === 'csv' ? `column ${field.name}` : field.name || 'the value';
      const of = field.origin === undefined ? '' : `${field.origin} `;
      return `    ${of}${name}: ${fieldText(field)}`;
    });
    const more = fields.length - FIELDS_SHOWN;
    return [`  ${shortened(topic)}`, ...shown, ...(more > 0 ? [`    … and ${more} more`] : [])];
  });
}

function fieldText(field: FieldFinding): string {
  const { seen, nulls, min, max, whole, distinct, unit, stampsMs } = field;
  const number = (value: number): string => (whole ? String(value) : formatNumber(value));
  const parts: string[] = [];
  if (stampsMs.length > 0 && unit !== undefined && (unit !== 's' || min > 1e9)) {
    parts.push(`a time (${unit})`);
  } else if (isNumeric(field)) {
    parts.push(min === max ? `always ${number(min)}` : `${number(min)} to ${number(max)}`);
  } else parts.push(listed(distinct.map((text) => JSON.stringify(text))));
  if (nulls > 0) parts.push(`null in ${nulls} of ${seen}`);
  return parts.join(', ');
}

function rhythmText({ rhythm }: TopicFinding): string {
  if (!rhythm) return 'too few';
  const { everyMs, jitterMs, isRegular } = rhythm;
  if (!isRegular) return `~${formatDuration(everyMs)}, irregular`;
  return jitterMs > 0
    ? `${formatDuration(everyMs)} ±${roughly(jitterMs)}`
    : formatDuration(everyMs);
}

/** What was not looked at. */
function cuts({ storedOnly, ours, limits, beyondTopics, cutTopics }: Findings): string[] {
  const lines: string[] = [];
  if (storedOnly.length > 0) {
    lines.push(
      `${many(storedOnly.length, 'topic')} had only a stored (retained) message, of unknown age: ${listed(storedOnly)}`,
    );
  }
  if (ours > 0) lines.push(`left out: ${many(ours, 'message')} of $SYS and of Foretide itself`);
  if (beyondTopics > 0) {
    lines.push(
      `only the first ${limits.topics} topics were looked at; ${many(beyondTopics, 'message')} of others were not: give a narrower --topic`,
    );
  }
  if (cutTopics > 0) {
    const of = many(cutTopics, 'topic');
    lines.push(`of ${of} only the first ${limits.messages} messages were looked into`);
  }
  return lines.length > 0 ? ['', ...lines] : [];
}

export function proposalText({ streams, left, series }: Proposal): string {
  const lines = [
    `Proposal: ${many(streams.length, 'stream')}, ${many(series, 'series', 'series')}`,
  ];
  for (const { filter, kind, payload, values, everyMs } of streams) {
    const whole = payload === 'sparkplug' ? 'every metric' : WHOLE[kind];
    const what = values.length > 0 ? values.join(', ') : whole;
    const every = everyMs === undefined ? 'period learned' : `every ${formatDuration(everyMs)}`;
    lines.push(`  ${filter}: ${what}; ${every}`);
  }
  for (const { topics, reason } of left) lines.push(`  without: ${listed(topics)}: ${reason}`);
  return lines.join('\n');
}

function shortened(topic: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would act on them
  const clean = topic.replace(/[\u0000-\u001f\u007f-\u009f]+/g, '·');
  return clean.length > TOPIC_CHARS_MAX ? `${clean.slice(0, TOPIC_CHARS_MAX)}…` : clean;
}
