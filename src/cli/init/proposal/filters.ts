/** Topics that are alike → as few filters as take them and no others. */
import { filterCovers } from '../../../config/topic.ts';

export interface TopicGroup {
  readonly filter: string;
  readonly topics: readonly string[];
  /** Topics of other kinds that the filter takes too. */
  readonly strays: readonly string[];
}

/** So many topics are worth a filter that takes a few others as well. */
const STRAYS_WORTH = 4;
const STRAYS_SHARE_MAX = 0.25;

/**
 * @param topics alike, different
 * @param others every other topic that was seen
 * @param asked the filter that the user has asked for: its `+` are meant
 */
export function groupTopics(
  topics: readonly string[],
  others: readonly string[],
  asked: string,
): TopicGroup[] {
  const byDepth = partsBy(topics, (topic) => topic.split('/').length);
  return byDepth.flatMap((same) => group(same, others, asked));
}

function group(topics: readonly string[], others: readonly string[], asked: string): TopicGroup[] {
  const wide = widened(topics[0]!, asked);
  if (wide && topics.every((topic) => filterCovers(wide, topic)) && !anyIn(wide, others)) {
    return [{ filter: wide, topics, strays: [] }];
  }
  const filter = merged(topics);
  if (topics.length === 1) return [{ filter, topics, strays: [] }];
  const isFixed = filter.split('/').some((level) => level !== '+');
  const strays = others.filter((topic) => filterCovers(filter, topic));
  if (isFixed && strays.length === 0) return [{ filter, topics, strays }];
  const parts = split(topics, filter, others);
  const isFew = strays.length <= STRAYS_SHARE_MAX * topics.length;
  const saves = parts.length > 2 && parts.every((part) => part.length === 1);
  if (isFixed && saves && isFew && topics.length >= STRAYS_WORTH)
    return [{ filter, topics, strays }];
  return parts.flatMap((part) => group(part, others, asked));
}

/** By the level that gives the fewest parts that have to be split again, and then the fewest parts. */
function split(topics: readonly string[], filter: string, others: readonly string[]): string[][] {
  let best: string[][] = topics.map((topic) => [topic]);
  let bestUnclean = 0;
  for (const [level, text] of filter.split('/').entries()) {
    if (text !== '+') continue;
    const parts = partsBy(topics, (topic) => topic.split('/')[level]!);
    if (parts.length === 1) continue;
    const unclean = parts.filter((part) => part.length > 1 && anyIn(merged(part), others)).length;
    if (unclean > bestUnclean || (unclean === bestUnclean && parts.length >= best.length)) continue;
    best = parts;
    bestUnclean = unclean;
  }
  return best;
}

/** The narrowest filter over topics of one depth. */
function merged(topics: readonly string[]): string {
  const all = topics.map((topic) => topic.split('/'));
  const same = (level: number): boolean => all.every((levels) => levels[level] === all[0]![level]);
  return all[0]!.map((text, level) => (same(level) ? text : '+')).join('/');
}

/** The user’s own filter, where it takes topics of this depth and is not all wildcards. */
function widened(topic: string, asked: string): string | undefined {
  const levels = asked.split('/');
  if (levels.includes('#') || levels.every((level) => level === '+')) return undefined;
  return levels.length === topic.split('/').length ? asked : undefined;
}

function anyIn(filter: string, topics: readonly string[]): boolean {
  return topics.some((topic) => filterCovers(filter, topic));
}

/** In order of first appearance. */
export function partsBy<T, K>(items: readonly T[], key: (item: T) => K): T[][] {
  const parts = new Map<K, T[]>();
  for (const item of items) {
    const part = parts.get(key(item));
    if (part) part.push(item);
    else parts.set(key(item), [item]);
  }
  return [...parts.values()];
}
