/** Findings in, streams out; and what gets none, with the reason. */
import { filterCovers } from '../../../config/topic.ts';
import type { Findings } from '../survey/survey.ts';
import type { TopicFinding } from '../survey/topic.ts';
import { groupTopics, type TopicGroup } from './filters.ts';
import { shapeOf } from './shape.ts';
import { planStream, type StreamPlan } from './stream.ts';

export interface LeftTopics {
  readonly topics: readonly string[];
  readonly reason: string;
}

export interface Proposal {
  /** In the order that the configuration needs: a message goes to the first that matches. */
  readonly streams: readonly StreamPlan[];
  readonly left: readonly LeftTopics[];
  readonly series: number;
}

/** Of a filter that ends with `#`: more than any other has. */
const WILDCARDS_ALL = 1_000;
/** More would be no configuration that anybody reads. */
const STREAMS_MAX = 40;

/** @param asked the filter that was listened to */
export function propose({ topics }: Findings, asked: string): Proposal {
  const refused = new Map<string, string[]>();
  const shapes = new Map<string, TopicFinding[]>();
  for (const topic of topics) {
    const shape = shapeOf(topic);
    if ('refusal' in shape) push(refused, shape.refusal, topic.topic);
    else push(shapes, shape.key, topic);
  }
  const byName = new Map(topics.map((topic) => [topic.topic, topic]));
  const groups = [...shapes.values()].flatMap((alike) => {
    const mine = new Set(alike.map(({ topic }) => topic));
    const others = topics.map(({ topic }) => topic).filter((topic) => !mine.has(topic));
    if (alike[0]!.format === 'sparkplug') return sparkplugGroup([...mine], others);
    return groupTopics([...mine], others, asked);
  });
  const plans = settled(groups).map((group) =>
    planStream(
      group,
      group.topics.map((topic) => byName.get(topic)!),
    ),
  );
  const streams = plans.length > STREAMS_MAX ? mostSeries(plans, STREAMS_MAX) : plans;
  for (const { filter } of plans.filter((plan) => !streams.includes(plan))) {
    push(refused, `only the ${STREAMS_MAX} streams with the most series are proposed`, filter);
  }
  return {
    streams,
    left: [...refused].map(([reason, of]) => ({ reason, topics: of })),
    series: streams.reduce((sum, { series }) => sum + series, 0),
  };
}

/** In order, the narrower first; a filter that would take what belongs to another gives way. */
function settled(groups: readonly TopicGroup[]): TopicGroup[] {
  const ordered = groups.toSorted((a, b) => wildcards(a) - wildcards(b));
  const wrong = ordered.find(({ filter }, i) =>
    ordered.slice(i + 1).some(({ topics }) => topics.some((topic) => filterCovers(filter, topic))),
  );
  if (!wrong) return ordered;
  const apart = wrong.topics.map((topic) => ({ filter: topic, topics: [topic], strays: [] }));
  return settled([...ordered.filter((group) => group !== wrong), ...apart]);
}

/** Births, data and deaths of nodes and devices belong together. */
function sparkplugGroup(topics: readonly string[], others: readonly string[]): TopicGroup[] {
  const filter = 'spBv1.0/#';
  return [{ filter, topics, strays: others.filter((topic) => filterCovers(filter, topic)) }];
}

function wildcards({ filter }: TopicGroup): number {
  if (filter.endsWith('#')) return WILDCARDS_ALL;
  return filter.split('/').filter((level) => level === '+').length;
}

function mostSeries(plans: readonly StreamPlan[], count: number): StreamPlan[] {
  const kept = new Set(plans.toSorted((a, b) => b.series - a.series).slice(0, count));
  return plans.filter((plan) => kept.has(plan));
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
