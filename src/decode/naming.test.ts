import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { message, streamConfig } from '../../test/support/decode.ts';
import { seriesPoints } from '../../test/support/points.ts';
import { LineEncoder } from '../sink/line-protocol.ts';
import { tagsText } from './naming.ts';
import { SeriesRegistry } from './series.ts';
import { createIntake } from './stream-decoder.ts';

/** The series that payloads make, in order. */
function seriesOf(yaml: string, ...payloads: readonly (readonly [topic: string, text: string])[]) {
  const registry = new SeriesRegistry();
  const intake = createIntake([streamConfig(yaml)], registry, {
    live: false,
    onRejection: (_stream, _where, { detail }) => expect.unreachable(detail),
  });
  for (const [topic, text] of payloads) intake.decode([message(text, { topic })]);
  return registry.all();
}

const namesOf = (...args: Parameters<typeof seriesOf>): string[] =>
  seriesOf(...args).map(({ name }) => name);

const LINES = 'topic: t/#, payload: line_protocol';
const CPU = 'cpu,host=a,cpu=cpu0 idle=1,user=2 5';

describe('names of series of line protocol', () => {
  it.each([
    ['', ['cpu,cpu=cpu0,host=a/idle', 'cpu,cpu=cpu0,host=a/user']],
    [', values: idle', ['cpu,cpu=cpu0,host=a']],
    [', values: [user]', ['cpu,cpu=cpu0,host=a/user']],
    [', series: "{tag.host}/{measurement}/{tag.none}/{field}"', ['a/cpu//idle', 'a/cpu//user']],
    [
      ', series: "{topic[1]} {stream} {tags} {field}", name: s',
      ['x s cpu=cpu0,host=a idle', 'x s cpu=cpu0,host=a user'],
    ],
  ])('with "%s"', (more, names) => {
    expect(namesOf(LINES + more, ['t/x', CPU])).toEqual(names);
  });

  it('do not hang on topics, on the order of tags, or on what else is in the message', () => {
    const other = 'mem,host=a used=1 5\ncpu,cpu=cpu0,host=a idle=2 6';
    expect(namesOf(`${LINES}, values: [idle, used]`, ['t/x', CPU], ['t/y', other])).toEqual([
      'cpu,cpu=cpu0,host=a/idle',
      'mem,host=a/used',
    ]);
  });

  it('tell lines of one topic apart', () => {
    expect(namesOf(LINES, ['t/x', 'm,a=1 v=1 5\nm,a=2 v=1 5\nm v=1 5'])).toEqual([
      'm,a=1/v',
      'm,a=2/v',
      'm/v',
    ]);
  });

  it('differ where tags differ, whatever is in these', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ',', '=', '\\', ' '),
      minLength: 1,
      maxLength: 4,
    });
    const tags = fc.dictionary(text, text, { maxKeys: 3 });
    fc.assert(
      fc.property(tags, tags, (one, other) => {
        const entries = [one, other].map((all) => JSON.stringify(Object.entries(all).sort()));
        const texts = [one, other].map((all) => tagsText(new Map(Object.entries(all))));
        expect(texts[0] === texts[1]).toBe(entries[0] === entries[1]);
      }),
      { seed: 3, numRuns: 3_000 },
    );
  });

  it('make a group of the fields of one measurement with one set of tags', () => {
    const lines = 'm,a=1 v=1,w=2 5\nm,a=2 w=1,v=2 5';
    const groups = seriesOf(`${LINES}, values: [v, w], every: 1s`, ['t/x', lines]);
    expect(groups.map(({ name, group }) => [name, group?.channel])).toEqual([
      ['m,a=1/v', 0],
      ['m,a=1/w', 1],
      ['m,a=2/w', 1],
      ['m,a=2/v', 0],
    ]);
    const keys = groups.map(({ group }) => group?.key);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).toBe(keys[3]);
    expect(keys[0]).not.toBe(keys[2]);
  });

  it('are those of what Foretide itself has written', () => {
    const series = 'plant 1/a,b=c';
    const { lines } = new LineEncoder({ actual: true, precision: 'ns' }).encode([
      seriesPoints({ series }),
    ]);
    const stream = `${LINES}, values: [value, mean], series: "{measurement} {tag.series} {field}"`;
    const wanted = lines.filter((line) => !line.startsWith('forecast_score'));
    expect(namesOf(stream, ['t/x', wanted.join('\n')])).toEqual([
      `actual ${series} value`,
      `forecast ${series} mean`,
    ]);
  });
});
