/** The schema as JSON Schema: what editors get, and what faults, docs and `check` are made from. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that zod writes for us. */
export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

let built: SchemaNode | undefined;

/** What a user may write. Built once. */
export function configJsonSchema(): SchemaNode {
  built ??= {
    title: 'Foretide configuration',
    ...(z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode),
  };
  return built;
}

/** The node for `path`; undefined where no such key is allowed. */
export function schemaAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = configJsonSchema();
  for (const key of path) {
    node = branches(node)
      .map((branch) => childOf(branch, key))
      .find(Boolean);
    if (!node) return undefined;
  }
  return node;
}

/** The alternatives of a node, or the node itself. */
export function branches(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf ?? [node];
}

/** The keys allowed in an object at this node. */
export function keysOf(node: SchemaNode | undefined): readonly string[] {
  return node ? branches(node).flatMap((branch) => Object.keys(branch.properties ?? {})) : [];
}

export type WalkPath = readonly (string | number)[];

/**
 * A copy of `value`, in which `replace` may put something else for any part that the schema knows;
 * undefined = look further down.
 */
export function mapBySchema(
  value: unknown,
  replace: (node: SchemaNode, value: unknown, path: WalkPath) => unknown,
  node: SchemaNode = configJsonSchema(),
  path: WalkPath = [],
): unknown {
  const replaced = replace(node, value, path);
  if (replaced !== undefined) return replaced;
  const child = (key: string | number, part: unknown) => {
    const next = branches(node)
      .map((branch) => childOf(branch, key))
      .find(Boolean);
    return next ? mapBySchema(part, replace, next, [...path, key]) : part;
  };
  if (Array.isArray(value)) return value.map((item, i) => child(i, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, child(key, part)]));
}

function childOf(node: SchemaNode, key: PropertyKey): SchemaNode | undefined {
  if (typeof key === 'number') return node.items;
  const { properties } = node;
  return properties && Object.hasOwn(properties, key) ? properties[String(key)] : undefined;
}

/** A node's type in words: `whole number, 1 to 1000`; `quote` goes round literal values. */
export function typeText(node: SchemaNode, quote = ''): string {
  const literal = (value: unknown) => `${quote}${String(value)}${quote}`;
  if (node.anyOf) return node.anyOf.map((branch) => typeText(branch, quote)).join(' or ');
  if (node.enum) {
    return node.enum.length === 1
      ? literal(node.enum[0])
      : `one of ${node.enum.map(literal).join(', ')}`;
  }
  if (node.const !== undefined) return literal(node.const);
  if (node.properties) return 'section';
  if (node.title) return node.title;
  switch (node.type) {
    case 'array':
      if (!node.items || node.items.properties) return 'list of sections';
      return `list of: ${typeText(node.items, quote)}`;
    case 'boolean':
      return `${literal('true')} or ${literal('false')}`;
    case 'integer':
    case 'number':
      return `${node.type === 'integer' ? 'whole number' : 'number'}${rangeText(node)}`;
    default:
      return node.maxLength === 1 ? 'one character' : 'text';
  }
}

function rangeText(node: SchemaNode): string {
  const integer = node.type === 'integer';
  const above = finite(node.exclusiveMinimum);
  const from = integer && above !== undefined ? above + 1 : finite(node.minimum);
  const below = finite(node.exclusiveMaximum);
  const to = finite(node.maximum);
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  const lower = from !== undefined ? `from ${from}` : above !== undefined && `above ${above}`;
  const upper = below !== undefined ? `below ${below}` : to !== undefined && `at most ${to}`;
  const bounds = [lower, upper].filter(Boolean);
  return bounds.length > 0 ? ` ${bounds.join(', ')}` : '';
}

/** zod bounds every integer by what a double holds exactly; nobody needs to read that. */
function finite(bound: number | undefined): number | undefined {
  return bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
}
