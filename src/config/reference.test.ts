import { describe, expect, it } from 'vitest';
import { staleDocs } from '../cli/docs.ts';
import { configJsonSchema, type SchemaNode, schemaAt, typeText } from './json-schema.ts';
import { referencePage } from './reference.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

it('the committed reference page and JSON Schema are current (else: npm run docs)', () => {
  expect(staleDocs(ROOT)).toEqual([]);
});

it('stale or missing files are named', () => {
  expect(staleDocs('/nonexistent')).toEqual([
    'config/foretide.schema.json',
    'docs/configuration.md',
  ]);
});

it('every key has a description', () => {
  const bare: string[] = [];
  const walk = (path: string, node: SchemaNode): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      if (!child.description) bare.push(`${path}.${key}`);
      walk(`${path}.${key}`, child);
    }
    for (const inner of [node.items, ...(node.anyOf ?? [])]) if (inner) walk(path, inner);
  };
  walk('', configJsonSchema());
  expect(bare).toEqual([]);
});

it('every link of the page leads to a heading of it', () => {
  const page = referencePage();
  const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
  expect(links.length).toBeGreaterThan(10);
  for (const link of links) expect(anchors).toContain(link);
});

describe('types in words', () => {
  it.each([
    [['streams', 0, 'horizon'], 'whole number from 1 to 1000'],
    [['streams', 0, 'series_max'], 'whole number from 1'],
    [['streams', 0, 'coverage'], 'number above 0, below 1 or list of: number above 0, below 1'],
    [['streams', 0, 'model', 'learning_rate'], 'number above 0, at most 1'],
    [['streams', 0, 'model', 'clip_norm'], 'number from 0'],
    [['streams', 0, 'model', 'optimizer'], 'one of sgd, rmsprop, adam'],
    [['streams', 0, 'values'], 'text or list of: text'],
    [['streams', 0, 'time', 'field'], 'text'],
    [['source', 'mqtt', 'protocol'], 'one of auto, 5, 3.1.1'],
    [['source', 'mqtt', 'keepalive'], 'duration'],
  ])('%j is %s', (path, words) => {
    expect(typeText(schemaAt(path)!)).toBe(words);
  });
});

it('defaults in the schema and on the page are what a user would write', () => {
  expect(schemaAt(['source', 'mqtt', 'keepalive'])?.default).toBe('30s');
  expect(referencePage()).toContain('| `lateness` | duration | `0s` |');
  expect(referencePage()).toContain('| `seasons` | `auto` or list of: period | `auto` |');
});
