/** Which fields are worth a forecast, and why the others are not. Judged by values first, then by names. */
import { isTimeField } from '../survey/clock.ts';
import { DISTINCT_MAX, type FieldFinding, isNumeric } from '../survey/field.ts';

export type Role =
  | { readonly role: 'number' | 'symbol' }
  /** weak: it may well be a value, and has only not shown it; taken where there is nothing else. */
  | { readonly role: 'none'; readonly reason: string; readonly weak?: 'number' | 'symbol' }
  /** Says whose value it is, so that several devices share the topic. */
  | { readonly role: 'entity'; readonly reason: string };

/** How the reasons of fields begin that have one value. */
export const ALWAYS = 'always';

/** Fewer messages say little about what never changes. */
const CONSTANT_SEEN_MIN = 8;
const COUNTER_SEEN_MIN = 8;
/** Fields that fewer messages have would be missed in the others. */
const PRESENT_SHARE_MIN = 0.8;
/** A state lasts: its values come again. */
const STATE_SEEN_MIN = 4;

const ID =
  /(?:^|[._])(?:id|uid|uuid|pid|mac|addr|address|serial|version|fw|port|channel|model)$|Id$/i;
const ENTITY =
  /(?:^|[._])(?:id|uid|uuid|device(?:_?id)?|sensor(?:_?id)?|symbol|ticker|isin|host(?:name)?|mac|serial|model|name|node|source|station|metric)$|^tags\.|Id$/i;
const HOUSEKEEPING =
  /rssi|link_?quality|^lqi$|(?:^|[._])snr|heap|load_?avg|free_?mem|signal|sleep/i;
const UPTIME = /up_?time/i;
const TOTAL =
  /total|count|counter|sum|pulses|kwh|bytes|packets|energy|(?:^|[._])seq|import|export|odometer/i;
const MEASURE =
  /value|temp|humid|press|power|watt|volt|current|amp|co2|voc|pm\d|lux|light|illum|level|flow|speed|wind|rain|price|load|usage|percent|dist|weight|ph$|freq|angle|moisture|noise/i;
const STATES =
  /^(?:on|off|open|opened|closed|close|true|false|yes|no|home|not_home|away|idle|running|active|inactive|heat|cool|auto|standby|locked|unlocked|motion|clear|detected|occupied|free|0|1)$/i;

/**
 * @param messages of the topic that were looked at
 * @param clock the field that gives the time
 */
export function roleOf(field: FieldFinding, messages: number, clock: string | undefined): Role {
  const { name, origin, seen, nulls, numbers } = field;
  if (name === clock) return none('the time');
  const values = seen - nulls;
  if (values === 0) return none(`${ALWAYS} null`);
  if (/[.[]/.test(name) && !isPath(name)) return none('no path leads to this name');
  if (origin === undefined && messages >= 3 && values < PRESENT_SHARE_MIN * messages) {
    return none(`only in ${values} of ${messages} messages`);
  }
  if (isTimeField(field)) return none('a time');
  if (isNumeric(field)) return numberRole(field);
  if (numbers > 0) return none('numbers and texts by turns');
  return symbolRole(field);
}

/** Of values that stand alone in their payload: they are what the topic is about. */
export function loneRole(field: FieldFinding): Role {
  if (isTimeField(field)) return none('a time');
  if (!isNumeric(field)) {
    const role = symbolRole(field);
    return 'weak' in role ? { role: 'symbol' } : role;
  }
  return isBinary(field) ? { role: 'symbol' } : { role: 'number' };
}

function numberRole(field: FieldFinding): Role {
  const { name, seen, falls, rises, whole, sameStep, distinct } = field;
  if (ID.test(name) && whole) return none('an id');
  if (UPTIME.test(name)) return none('how long the device runs');
  if (HOUSEKEEPING.test(name)) return none('about the device and its radio');
  if (isBinary(field)) return { role: 'symbol' };
  if (distinct.length === 1) {
    if (seen < CONSTANT_SEEN_MIN || MEASURE.test(name)) return { role: 'number' };
    return weak(`${ALWAYS} ${distinct[0]}`);
  }
  if (falls > 0 || rises < 3) return { role: 'number' };
  const isEven = whole && sameStep !== undefined && !Number.isNaN(sameStep);
  if (isEven && rises === seen - 1) return weak(`up by ${sameStep} with each message: a counter`);
  const isTotal = seen >= COUNTER_SEEN_MIN && TOTAL.test(name);
  const isMeter = whole && seen >= 20 && rises >= 15 && !MEASURE.test(name);
  if (isTotal || isMeter) return weak('only goes up: a counter or meter');
  return { role: 'number' };
}

function symbolRole({ name, origin, seen, nulls, distinct }: FieldFinding): Role {
  const values = seen - nulls;
  if (origin === undefined && distinct.length > 1 && ENTITY.test(name)) {
    return { role: 'entity', reason: `says whose the values are (${shown(distinct)})` };
  }
  const areStates = distinct.every((text) => STATES.test(text));
  if (areStates && distinct.length > 1) return { role: 'symbol' };
  if (distinct.length === 1) {
    if (areStates) return { role: 'none', reason: `${ALWAYS} ${shown(distinct)}`, weak: 'symbol' };
    return none(
      values < STATE_SEEN_MIN ? 'a text, seen too seldom' : `${ALWAYS} ${shown(distinct)}`,
    );
  }
  if (distinct.length >= DISTINCT_MAX || distinct.length > values / 2) {
    return none('texts that do not come again');
  }
  return { role: 'symbol' };
}

export function isBinary({ distinct, whole }: FieldFinding): boolean {
  return whole && distinct.length === 2 && distinct.every((text) => text === '0' || text === '1');
}

/** Up to three values, for a sentence. */
export function shown(distinct: readonly string[]): string {
  const some = distinct.slice(0, 3).map((text) => JSON.stringify(text));
  return distinct.length > 3 ? `${some.join(', ')}, …` : some.join(', ');
}

/** Whether the dots and brackets in the name are those of a path. */
function isPath(name: string): boolean {
  return !/\.\.|^\.|\.$|\[(?!\d+\])/.test(name);
}

function none(reason: string): Role {
  return { role: 'none', reason };
}

function weak(reason: string): Role {
  return { role: 'none', reason, weak: 'number' };
}
