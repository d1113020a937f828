/**
 * Answers what is asked on `<base>/request/<command>`. Bounded: in size, in number, one at a time of
 * each command. A request is read as data and nothing else; what is wrong with it is answered.
 */
import type { IPublishPacket } from 'mqtt';
import { responseTopic } from '../../config/own-topics.ts';
import type { MqttConfig } from '../../config/schema.ts';
import { topicNameFault } from '../../config/topic.ts';
import type { DaemonLog } from '../incidents.ts';
import { Allowance } from './allowance.ts';
import { type Asked, allowed, COMMANDS, keysOf } from './commands.ts';
import type { PublishOptions } from './link.ts';

const REQUEST_BYTES_MAX = 16 * 1024;
const RESPONSE_BYTES_MAX = 4 * 2 ** 20;
/** What comes back with the answer must not be too much for whoever writes it. */
const ID_DEPTH_MAX = 32;
const BURST = 20;
const PER_SECOND = 10;

export interface RequestParts {
  readonly base: string;
  readonly requests: MqttConfig['requests'];
  readonly asked: Asked;
  readonly log: DaemonLog;
  readonly publish: (topic: string, payload: string, options: PublishOptions) => void;
  /** Why an answer must not go to a topic; undefined where it may. */
  readonly topicFault: (topic: string) => string | undefined;
  readonly nowMs?: () => number;
}

/** Where an answer goes. */
interface Asker {
  readonly topic: string;
  readonly command: string;
  readonly correlationData?: Buffer;
}

export class Requests {
  readonly #parts: RequestParts;
  readonly #allowance: Allowance;
  readonly #allowed: readonly string[];
  readonly #busy = new Set<string>();
  #refusing = false;
  #toldRetained = false;

  constructor(parts: RequestParts) {
    this.#parts = parts;
    this.#allowance = new Allowance(BURST, PER_SECOND, parts.nowMs);
    this.#allowed = allowed(parts.requests);
  }

  /** Resolves when it is answered. @param command the topic’s last level */
  async take(command: string, packet: IPublishPacket): Promise<void> {
    if (packet.retain) return this.#tellRetained(packet.topic);
    const { base, topicFault } = this.#parts;
    const { responseTopic: wanted, correlationData } = packet.properties ?? {};
    const own = responseTopic(base, command);
    const fault = wanted === undefined ? undefined : (topicNameFault(wanted) ?? topicFault(wanted));
    const topic = fault === undefined ? (wanted ?? own) : own;
    const asker = { topic, command, ...(correlationData && { correlationData }) };
    if (!this.#allowance.take()) return this.#refuse(asker);
    this.#refusing = false;
    if (fault !== undefined)
      return this.#answer(asker, undefined, failed(`response topic ${fault}`));
    const payload = packet.payload as Buffer;
    if (payload.length > REQUEST_BYTES_MAX) {
      const error = `${payload.length} bytes; a request has at most ${REQUEST_BYTES_MAX}`;
      return this.#answer(asker, undefined, failed(error));
    }
    await this.#respond(asker, payload);
  }

  async #respond(asker: Asker, payload: Buffer): Promise<void> {
    const { command } = asker;
    let id: unknown;
    let isOurs = false;
    try {
      const given = parse(payload);
      if (isObject(given) && given.id !== undefined) {
        if (isDeep(given.id)) throw new Error(`"id": nested deeper than ${ID_DEPTH_MAX} levels`);
        id = given.id;
      }
      const known = COMMANDS.get(command);
      const there = this.#allowed.join(', ');
      if (!known) throw new Error(`no such command; there are ${there}`);
      if (!this.#allowed.includes(command)) {
        throw new Error(
          `not answered here (mqtt.requests: ${this.#parts.requests}); only ${there}`,
        );
      }
      const keys = keysOf(known, given);
      if (this.#busy.has(command))
        throw new Error('another one is under way; ask again when it is done');
      this.#busy.add(command);
      isOurs = true;
      if (!known.reads) this.#parts.log.info(`mqtt: asked for ${command}`);
      this.#answer(asker, id, { ok: true, result: await known.run(keys, this.#parts.asked) });
    } catch (error) {
      this.#answer(asker, id, failed((error as Error).message));
    } finally {
      if (isOurs) this.#busy.delete(command);
    }
  }

  #answer({ topic, correlationData }: Asker, id: unknown, answer: Answer): void {
    let text = JSON.stringify({ ...(id !== undefined && { id }), ...answer });
    if (Buffer.byteLength(text) > RESPONSE_BYTES_MAX) {
      const error = failed('the answer is too large; ask for less, with "limit"');
      text = JSON.stringify({ ...(id !== undefined && { id }), ...error });
    }
    const properties = correlationData && { properties: { correlationData } };
    this.#parts.publish(topic, text, { qos: 1, ...properties });
  }

  /** Once, until there is room again: answers to a flood would be another. */
  #refuse(asker: Asker): void {
    if (this.#refusing) return;
    this.#refusing = true;
    const error = `too many requests: at most ${PER_SECOND} a second; this and the next are passed over`;
    this.#answer(asker, undefined, failed(error));
  }

  #tellRetained(topic: string): void {
    if (this.#toldRetained) return;
    this.#toldRetained = true;
    const what = 'is passed over, as it would be asked again with each connection';
    this.#parts.log.warn(`mqtt: retained request on ${topic} ${what}; publish it without retain`);
  }
}

type Answer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

function failed(error: string): Answer {
  return { ok: false, error };
}

/** Nothing at all asks for nothing in particular. @throws Error */
function parse(payload: Buffer): unknown {
  if (payload.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw new Error(`not JSON (${(error as Error).message}); write {"key": value}, or nothing`);
  }
}

/** No deeper than it has to look. */
function isDeep(value: unknown, levels = ID_DEPTH_MAX): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeep(inner, levels - 1));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
