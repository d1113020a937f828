import type { Message } from '../source/source.ts';

/**
 * Why a sample was turned away. `invalid`: it should have been a value and was not;
 * `filtered`: it was left out on purpose (retained message, empty cell, series limit).
 */
export interface Rejection {
  readonly verdict: 'invalid' | 'filtered';
  /** A short stable word for counters: `not_json`, `no_field`, `not_finite`, `bad_time`, … */
  readonly reason: string;
  /** For a person: what was wrong, and what would be right. */
  readonly detail: string;
}

/** What a value belongs to, where topic and field alone do not tell. */
export interface Origin {
  /** Its name, which no other of the stream has: `cpu,host=a`, `plant/gateway/pump`. */
  readonly key: string;
  /** Of line protocol. */
  readonly measurement?: string;
  readonly tags?: ReadonlyMap<string, string>;
}

/** Where a decoder puts what it found in one message. */
export interface FieldSink {
  /**
   * One value of the message: a number, or the text of a symbol as `StreamConfig.kind` says.
   * `timeMs` is undefined where the receive time is to be used; `origin` where the topic says it all.
   */
  sample(field: string, timeMs: number | undefined, value: number | string, origin?: Origin): void;
  /** One value (or the whole message, when `field` is undefined) that could not be used. */
  reject(field: string | undefined, rejection: Rejection): void;
  /** What goes beyond single values. */
  tell(trouble: NodeTrouble): void;
}

/**
 * A Sparkplug node of which messages are missing (`gap`: told once), or whose data cannot be read, or not
 * be trusted, until its next birth (`birth_due`: told with each message).
 */
export interface NodeTrouble {
  readonly kind: 'gap' | 'birth_due';
  readonly group: string;
  readonly node: string;
  readonly detail: string;
}

/**
 * The contract of a payload format: reads one message, never throws on any input, and tells the sink
 * of a sample or a rejection at least, so that every message is accounted for.
 */
export interface PayloadDecoder {
  decode(message: Message, sink: FieldSink): void;
}
