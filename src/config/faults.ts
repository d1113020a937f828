/** zod's issues in words that say what was wrong and what to do. */
import type { z } from 'zod';
import type { Path } from './document.ts';
import { keysOf, type SchemaNode, schemaAt, typeText } from './json-schema.ts';
import { KIND } from './kinds.ts';

export interface FoundFault {
  readonly path: Path;
  /** The unknown key itself, where the fault is one. */
  readonly key?: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** `streams[0].model.cell` */
export function pathText(path: Path): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`))
    .join('');
}

/** The text of the file for a value that a variable was put into; undefined for others. */
export type SourceOf = (path: Path) => string | undefined;

/** All faults of an issue: one for each unknown key, else one. */
export function faultsOf(issue: Issue, root: unknown, sourceOf: SourceOf): FoundFault[] {
  if (issue.code === 'invalid_union') {
    const inner = closestBranch(issue.errors);
    if (inner) return inner.flatMap((i) => faultsOf(within(i, issue.path), root, sourceOf));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: issue.path,
      key,
      message: unknownKey(issue.path, key),
    }));
  }
  const { path } = issue;
  const value = valueAt(root, path);
  const source = sourceOf(path);
  if (issue.code === 'custom') {
    const hidden = source === undefined ? undefined : () => `"${source}"`;
    return [
      { path, message: hidden ? issue.message.replaceAll(`"${value}"`, hidden) : issue.message },
    ];
  }
  const node = schemaAt(path);
  return [{ path, message: node ? wrongValue(node, value, issue, source) : issue.message }];
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The alternative that has the right type on the outside, where there is exactly one. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) => !issues.some((i) => i.path.length === 0 && /^invalid_(type|value)$/.test(i.code)),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function within(issue: Issue, path: readonly PropertyKey[]): Issue {
  return { ...issue, path: [...path, ...issue.path] };
}

function unknownKey(path: Path, key: string): string {
  const allowed = keysOf(schemaAt(path));
  const near = nearest(key, allowed);
  const advice = near ? `did you mean ${near}?` : `allowed here: ${allowed.join(', ')}`;
  return `unknown key; ${advice}`;
}

function wrongValue(node: SchemaNode, value: unknown, issue: Issue, source?: string): string {
  if (value === undefined) return `is missing; give ${expected(node)} (${described(node)})`;
  if (value === null) return emptyValue(node, issue.path.at(-1));
  if (value === '') return `is empty; write ${expected(node)}`;
  if (node.title === KIND.secret) return `is ${typeOf(value)}; put it in quotes to make it text`;
  if (typeof value === 'number' && timeLike(node)) {
    return `${value} has no unit; write "${value}s" for seconds, or ms, m, h, d, w in place of s`;
  }
  if (Array.isArray(value) && issue.code === 'too_small')
    return 'is empty; give at least one entry';
  if (Array.isArray(value) && issue.code === 'too_big') {
    return `has ${value.length} entries; give at most ${String(issue.maximum)}`;
  }
  if (typeof value !== 'string' && takesText(node, String(value))) {
    return `${shown(value)} must be text; put it in quotes: "${String(value)}"`;
  }
  if (typeof value === 'string' && isBare(node, value)) {
    return `${shown(source ?? value)} is text; remove the quotes`;
  }
  const near = typeof value === 'string' && nearest(value, (node.enum ?? []).map(String));
  const hint = near ? ` (did you mean ${near}?)` : '';
  return `${shown(source ?? value)} is not allowed; write ${expected(node)}${hint}`;
}

function emptyValue(node: SchemaNode, key: PropertyKey | undefined): string {
  if (node.properties) {
    return `is empty; give its keys, or ${String(key)}: {} for all defaults, or remove the line`;
  }
  // `topic: #` is the trap: YAML reads a comment.
  const comment = key === 'topic' ? ' (an unquoted # begins a comment: write "#")' : '';
  return `is empty; write ${expected(node)}, or remove the line${comment}`;
}

function expected(node: SchemaNode): string {
  const words = typeText(node);
  if (node.title === KIND.duration) return 'a duration, such as 10s';
  if (node.title === KIND.period) return 'a period, such as 10s or 1mo';
  if (node.anyOf || node.enum || node.const !== undefined || node.type === 'boolean') return words;
  return /^(text|one)\b/.test(words) ? words : `a ${words}`;
}

function described(node: SchemaNode): string {
  return (node.description ?? typeText(node)).replace(/\.$/, '');
}

function timeLike(node: SchemaNode): boolean {
  return node.title === KIND.duration || node.title === KIND.period;
}

/** Whether the value would do if it were text. */
function takesText(node: SchemaNode, text: string): boolean {
  if (text.includes('[object') || timeLike(node)) return false;
  if (node.anyOf) return node.anyOf.some((branch) => takesText(branch, text));
  if (node.enum) return node.enum.includes(text);
  return node.type === 'string' && node.const === undefined;
}

/** Whether the text would do if it were a number or a switch. */
function isBare(node: SchemaNode, text: string): boolean {
  if (node.type === 'boolean') return /^(true|false)$/.test(text);
  const numeric = node.type === 'number' || node.type === 'integer';
  return numeric && text.trim() !== '' && Number.isFinite(Number(text));
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a section' : `a ${typeof value}`;
}

/** A value as a fault shows it: short, on one line. */
function shown(value: unknown): string {
  if (typeof value === 'object') return typeOf(value);
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

/** The candidate a slip of the fingers away, if any. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 64) return Number.POSITIVE_INFINITY;
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const row = rows[i]!;
      const above = rows[i - 1]!;
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
      }
    }
  }
  return rows[a.length]![b.length]!;
}
