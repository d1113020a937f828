/** Series name templates: text with `{topic}`, `{topic[1]}`, `{field}` and `{stream}` in it. */

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'topic' | 'field' | 'stream' }
  | { readonly kind: 'level'; readonly level: number };

const ALLOWED = 'allowed are {topic}, {topic[1]} (a level, from 0), {field} and {stream}';

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
  if (token === 'topic' || token === 'field' || token === 'stream') return { kind: token };
  const level = /^topic\[(\d{1,4})\]$/.exec(token);
  if (level) return { kind: 'level', level: Number(level[1]) };
  throw new Error(`{${token}} is not a template token; ${ALLOWED}`);
}
