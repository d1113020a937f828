/**
 * The topics that Foretide publishes on itself: the house of `<base>`, and its discovery messages for
 * Home Assistant. A stream with a filter like `#` does not mean them.
 */
import { createHash } from 'node:crypto';

export function statusTopic(base: string): string {
  return `${base}/status`;
}

export function healthTopic(base: string): string {
  return `${base}/health`;
}

export function requestTopic(base: string, command: string): string {
  return `${base}/request/${command}`;
}

export function responseTopic(base: string, command: string): string {
  return `${base}/response/${command}`;
}

/**
 * Of all of this daemon’s discovery messages, so that they can be found again: letters, digits and
 * `_` alone, and different for different bases.
 */
export function discoveryNode(base: string): string {
  return `foretide_${createHash('sha256').update(base).digest('hex').slice(0, 12)}`;
}

/** Whether it is one that we publish on, or are asked on; others below `<base>` are the user’s. */
export function ownTopics(base: string, discoveryPrefix: string): (topic: string) => boolean {
  const exact = new Set([statusTopic(base), healthTopic(base)]);
  const levels = ['forecast', 'request', 'response'].map((level) => `${base}/${level}/`);
  const discovery = `${discoveryPrefix}/device/${discoveryNode(base)}/`;
  const beginnings = [...levels, discovery];
  return (topic) => exact.has(topic) || beginnings.some((beginning) => topic.startsWith(beginning));
}
