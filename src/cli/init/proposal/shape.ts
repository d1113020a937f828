/** Topics of one shape can share a stream: the same format, fields and clock. */
import { isNumeric } from '../survey/field.ts';
import type { TopicFinding } from '../survey/topic.ts';
import { ALWAYS, loneRole, type Role, roleOf } from './roles.ts';

export type Kind = 'number' | 'symbol';

/** One field over all topics of a shape. */
export interface PlannedField {
  readonly name: string;
  readonly role: 'number' | 'symbol' | 'none';
  /** Of what is left out. */
  readonly reason: string;
}

/** Why a topic gets no stream, or what topics must have in common with it to share one. */
export type Shape = { readonly key: string } | { readonly refusal: string };

/** Fields that fewer messages have are no part of the shape. */
const PRESENT_SHARE_MIN = 0.8;

/** Formats that name their series themselves, and bring a time with each value. */
export function namesItself({ format }: TopicFinding): boolean {
  return format === 'line_protocol' || format === 'sparkplug';
}

/** A payload that is one value. */
export function isBare({ fields }: TopicFinding): boolean {
  return fields.length === 1 && fields[0]!.name === '';
}

export function shapeOf(topic: TopicFinding): Shape {
  const { format, fields, clock, looked, odd } = topic;
  // Its names may be in births that have yet to come.
  if (format === 'sparkplug') return { key: format };
  if (format === undefined || fields.length === 0) return { refusal: topic.fault ?? 'no values' };
  if (isBare(topic)) {
    const { numbers, numberTexts } = fields[0]!;
    if (format === 'json' && numbers === 0 && numberTexts > 0) {
      return { refusal: 'a number in quotes; publish it without them' };
    }
    const role = loneRole(fields[0]!);
    if (!('reason' in role)) return { key: `${format}|bare|${role.role}` };
    return { refusal: role.reason };
  }
  const messages = looked - odd;
  for (const field of fields) {
    const role = roleOf(field, messages, clock.field);
    if (role.role !== 'entity') continue;
    const remedy = 'series are told apart by topic and field; give each its own topic';
    return { refusal: `several devices in one topic: ${field.name} ${role.reason}; ${remedy}` };
  }
  const { values } = plannedFields([topic]);
  if (values.length === 0) return { refusal: nothing(topic) };
  const parts = fields
    .filter(({ seen, origin }) => origin !== undefined || seen >= PRESENT_SHARE_MIN * messages)
    .map((field) => `${field.name}:${isNumeric(field) ? 'n' : 't'}`)
    .sort();
  return { key: [format, clock.field, clock.unit, ...new Set(parts)].join('|') };
}

export interface PlannedFields {
  readonly kind: Kind;
  readonly values: readonly string[];
  readonly leftOut: readonly PlannedField[];
}

/** What to forecast of topics of one shape: what is worth it in any of them. */
export function plannedFields(topics: readonly TopicFinding[]): PlannedFields {
  const roles = new Map<string, Role>();
  for (const { fields, looked, odd, clock } of topics) {
    for (const field of fields) {
      const role = roleOf(field, looked - odd, clock.field);
      const before = roles.get(field.name);
      roles.set(field.name, before ? inBoth(before, role) : role);
    }
  }
  const named = (wanted: Kind): string[] =>
    [...roles].filter(([, { role }]) => role === wanted).map(([name]) => name);
  let values = named('number');
  let symbols = named('symbol');
  const weak = (wanted: Kind): string[] =>
    [...roles].filter(([, role]) => 'weak' in role && role.weak === wanted).map(([name]) => name);
  if (values.length === 0 && symbols.length === 0 && weak('number').length === 1) {
    values = weak('number');
  } else if (values.length === 0 && symbols.length === 0 && weak('symbol').length === 1) {
    symbols = weak('symbol');
  }
  const kind = values.length > 0 ? 'number' : 'symbol';
  if (kind === 'symbol') values = symbols;
  const leftOut = [...roles]
    .filter(([name]) => !values.includes(name))
    .map(([name, role]): PlannedField => {
      if ('reason' in role) return { name, role: 'none', reason: role.reason };
      return { name, role: role.role, reason: 'a state: a stream takes numbers or states' };
    });
  return { kind, values, leftOut };
}

/** What a field is in topics of one shape: what makes it worth a forecast counts. */
function inBoth(before: Role, role: Role): Role {
  if (!('reason' in before)) return before;
  if (!('reason' in role)) return role;
  const areSteady = [before, role].every(({ reason }) => reason.startsWith(ALWAYS));
  if (!areSteady || before.reason === role.reason) return before;
  return { ...before, reason: `${ALWAYS} the same within a topic` };
}

function nothing({ fields, looked, odd, clock }: TopicFinding): string {
  const reasons = fields.slice(0, 4).map((field) => {
    const role = roleOf(field, looked - odd, clock.field);
    return `${field.name || 'the value'}: ${'reason' in role ? role.reason : role.role}`;
  });
  if (fields.length > reasons.length) reasons.push('…');
  return `nothing to forecast (${reasons.join('; ')})`;
}
