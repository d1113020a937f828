/** MQTT topic names and filters (MQTT 5, §4.7). */

const BYTES_MAX = 65_535;

/** What is wrong with a topic filter; undefined when nothing is. */
export function topicFilterFault(filter: string): string | undefined {
  const common = commonFault(filter);
  if (common) return common;
  if (/^\$share(\/|$)/.test(filter)) {
    return `"${filter}" is a shared subscription, which splits a series over its members; subscribe to the topic itself`;
  }
  const levels = filter.split('/');
  for (const [i, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || i < levels.length - 1)) {
      return `"${filter}" has # in the wrong place; it must be the whole last level, as in a/b/#`;
    }
    if (level.includes('+') && level !== '+') {
      return `"${filter}" has + beside other characters; it must be a whole level, as in a/+/c`;
    }
  }
  return undefined;
}

/** What is wrong with a topic name (no wildcards); undefined when nothing is. */
export function topicNameFault(topic: string): string | undefined {
  if (/[+#]/.test(topic)) return `"${topic}" has a wildcard; write one exact topic`;
  return commonFault(topic);
}

/** Whether every topic that `other` matches is matched by `filter` too. */
export function filterCovers(filter: string, other: string): boolean {
  const outer = filter.split('/');
  const inner = other.split('/');
  // "#" and "+" in first place do not match topics that begin with "$".
  if (inner[0]!.startsWith('$') && /^[+#]$/.test(outer[0]!)) return false;
  for (const [i, level] of outer.entries()) {
    if (level === '#') return true;
    if (i >= inner.length || inner[i] === '#') return false;
    if (level !== '+' && level !== inner[i]) return false;
  }
  // "a/#" also matches "a", which "a" as a filter does not cover.
  return outer.length === inner.length;
}

function commonFault(topic: string): string | undefined {
  if (topic === '') return 'is empty; write at least one level';
  if (topic.includes('\0')) return 'holds a NUL character, which MQTT forbids; remove it';
  if (Buffer.byteLength(topic) > BYTES_MAX) return `is longer than ${BYTES_MAX} bytes; shorten it`;
  return undefined;
}
