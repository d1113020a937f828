/**
 * Series name templates: text with `{topic}`, `{topic[1]}`, `{field}` and `{stream}` in it; of line
 * protocol `{measurement}`, `{tag.host}` and `{tags}` (`cpu=cpu0,host=a`), too.
 */

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'topic' | 'field' | 'stream' | 'measurement' | 'tags' }
  | { readonly kind: 'level'; readonly level: number }
  | { readonly kind: 'tag'; readonly tag: string };

const WORDS = ['topic', 'field', 'stream', 'measurement', 'tags'] as const;

const ALLOWED =
  'allowed are {topic}, {topic[1]} (a level, from 0), {field} and {stream}, and of line protocol {measurement}, {tag.host} and {tags}';

/** @throws Error naming the token that is not allowed */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of template.matchAll(/\{([^{}]*)\}/g)) {
    addText(parts, template, end, match.index);
    parts.push(parseToken(match[1]!));
    end = match.index + match[0].length;
  }
  addText(parts, template, end, template.length);
  return parts;
}

function addText(parts: TemplatePart[], template: string, from: number, to: number): void {
  const text = template.slice(from, to);
  if (/[{}]/.test(text))
    throw new Error(`"${template}" has a brace without its partner; ${ALLOWED}`);
  if (text) parts.push({ kind: 'text', text });
}

function parseToken(token: string): TemplatePart {
  const word = WORDS.find((one) => one === token);
  if (word) return { kind: word };
  const level = /^topic\[(\d{1,4})\]$/.exec(token);
  if (level) return { kind: 'level', level: Number(level[1]) };
  if (token.startsWith('tag.') && token !== 'tag.') return { kind: 'tag', tag: token.slice(4) };
  throw new Error(`{${token}} is not a template token; ${ALLOWED}`);
}
