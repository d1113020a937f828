import type { StreamConfig } from '../config/schema.ts';
import { parseTemplate } from '../config/template.ts';
import type { Origin, Rejection } from './decoder.ts';
import { excerpt, invalid } from './number-text.ts';

/** Databases index tags; a longer one is a mistake in the template. */
const NAME_BYTES_MAX = 512;
/** A payload that is one bare number has no field name; `{field}` then says this. */
const BARE_FIELD = 'value';

/** A series name, or why there can be none. `field` is empty for a bare number. */
export type Namer = (topic: string, field: string, origin?: Origin) => string | Rejection;

export function createNamer(stream: StreamConfig, streamName: string): Namer {
  const isPart = stream.bars !== undefined || stream.covariates.length > 0;
  const several = stream.values === '*' || Array.isArray(stream.values) || isPart;
  if (stream.series === undefined) {
    return (topic, field, origin) => {
      const place = origin?.key ?? topic;
      return checked(several && field !== '' ? `${place}/${field}` : place);
    };
  }
  const parts = [...parseTemplate(stream.series)];
  if (isPart && !parts.some(({ kind }) => kind === 'field')) {
    parts.push({ kind: 'text', text: '/' }, { kind: 'field' });
  }
  return (topic, field, origin) => {
    let name = '';
    for (const part of parts) {
      switch (part.kind) {
        case 'text':
          name += part.text;
          break;
        case 'topic':
          name += topic;
          break;
        case 'level':
          name += topic.split('/')[part.level] ?? '';
          break;
        case 'field':
          name += field || BARE_FIELD;
          break;
        case 'stream':
          name += streamName;
          break;
        case 'measurement':
          name += origin?.measurement ?? '';
          break;
        case 'tag':
          name += origin?.tags?.get(part.tag) ?? '';
          break;
        case 'tags':
          name += tagsText(origin?.tags);
          break;
      }
    }
    return checked(name);
  };
}

/** `cpu=cpu0,host=a`, in the order of the names; escaped, so that no two sets of tags read the same. */
export function tagsText(tags: ReadonlyMap<string, string> = new Map()): string {
  return [...tags]
    .map(([key, value]) => `${escapeTag(key)}=${escapeTag(value)}`)
    .sort()
    .join(',');
}

export function escapeTag(text: string): string {
  return text.replace(/[\\,=]/g, '\\$&');
}

function checked(name: string): string | Rejection {
  if (name === '') return invalid('bad_name', 'the series name comes out empty');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(name) || !name.isWellFormed()) {
    return invalid('bad_name', `series name ${excerpt(name)} has control characters`);
  }
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) {
    return invalid('bad_name', `series name ${excerpt(name)} is over ${NAME_BYTES_MAX} bytes`);
  }
  return name;
}
