import { expect, it } from 'vitest';
import { discoveryNode, ownTopics } from './own-topics.ts';

it('knows the topics that we publish on from those of others below the base', () => {
  const isOwn = ownTopics('site/tide', 'ha');
  const node = discoveryNode('site/tide');
  for (const topic of [
    'site/tide/status',
    'site/tide/health',
    'site/tide/forecast/a/b',
    'site/tide/request/list',
    'site/tide/response/list',
    `ha/device/${node}/a_1/config`,
  ]) {
    expect(isOwn(topic), topic).toBe(true);
  }
  for (const topic of [
    'site/tide/status/a',
    'site/tide/boiler',
    'site/tide/forecasts/a',
    'site/status',
    'ha/status',
    'ha/sensor/a/config',
    `ha/device/${discoveryNode('tide')}/a/config`,
  ]) {
    expect(isOwn(topic), topic).toBe(false);
  }
});
