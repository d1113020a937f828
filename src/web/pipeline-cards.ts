/** Source and sinks, with their trouble in words. */
import type { SinkStatus, SourceStatus } from '../observe/monitor.ts';
import { h } from './dom.ts';
import { formatCount } from './format.ts';

export function sourceParts({ name, connected, trouble, dropped }: SourceStatus): Node[] {
  return [
    h('h2', {}, 'Source'),
    h('p', { class: 'address' }, name),
    status(connected, connected ? 'Connected' : 'Not connected'),
    ...troubleParts(connected, trouble),
    facts([['Lost before they could be taken', formatCount(dropped)]]),
  ];
}

export function sinkParts(sink: SinkStatus): Node[] {
  const { name, available, trouble, waiting, written, dropped, rejected, retries } = sink;
  return [
    h('h2', {}, 'Sink'),
    h('p', { class: 'address' }, name),
    status(available, available ? 'Takes points' : 'Takes nothing'),
    ...troubleParts(available, trouble),
    facts([
      ['Steps written', formatCount(written)],
      ['Steps that wait', formatCount(waiting)],
      ['Steps given up', formatCount(dropped)],
      ['Points refused', formatCount(rejected)],
      ['Tries again', formatCount(retries)],
    ]),
  ];
}

function status(well: boolean, text: string): HTMLElement {
  return h('p', { class: 'status', 'data-tone': well ? 'good' : 'bad' }, well ? '✓ ' : '✗ ', text);
}

function troubleParts(well: boolean, trouble: string | null): Node[] {
  if (trouble === null) return [];
  return [h('p', { class: 'said' }, h('b', {}, well ? 'Last trouble: ' : 'It says: '), trouble)];
}

function facts(rows: readonly (readonly [string, string])[]): HTMLElement {
  return h(
    'dl',
    { class: 'facts lines' },
    ...rows.map(([name, text]) => h('div', {}, h('dt', {}, name), h('dd', {}, text))),
  );
}
