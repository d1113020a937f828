import type { Observable } from 'rxjs';
import type { StreamConfig } from '../config/schema.ts';
import type { Delivery } from '../journal/journal.ts';

/** A row that a file source has already split: `cells[i]` belongs to `columns[i]`. */
export interface Row {
  readonly columns: readonly string[];
  /** As many as the row had: where that is not `columns.length`, the row is invalid. */
  readonly cells: readonly string[];
}

/** One message as it came in: from a broker, or a line of a recorded file. */
export interface Message {
  readonly topic: string;
  /** Bytes as received; empty where `row` is given. */
  readonly payload: Uint8Array;
  readonly row?: Row;
  /**
   * When it was received, ms since the epoch. For one source it strictly increases (the source adds
   * microseconds where the clock stands still), so that it can serve as event time; only a wall clock
   * that is set back by more than ten seconds takes it back. Rows of a file that tells no receive time
   * carry their line number.
   */
  readonly receivedMs: number;
  /** A recording that does not say when it was received: `receivedMs` is only its place in order. */
  readonly undated?: boolean;
  /** A broker's stored message, handed out on subscription: its age is unknown. */
  readonly retained: boolean;
  /** Where it came from, for error messages: `topic a/b` or `file.csv.gz:123`. */
  readonly where: string;
  /** Of QoS 1 and 2: how its repetition is known. */
  readonly delivery?: Delivery;
  /**
   * Nothing is to be read from it, but it is acknowledged in its turn: it repeats what was taken
   * before, which may still be on its way to the journal; or it tells what we know already, since we
   * published it ourselves.
   */
  readonly repeated?: true;
  /** Of QoS 1 and 2: called once, in receive order, when the message is durable. */
  readonly acknowledge?: () => void;
}

/** Messages in receive order. Sources send batches, never single messages. */
export type MessageBatch = readonly Message[];

/** Back-pressure: a source that can wait calls `wait()` before each batch. */
export interface Gate {
  /** Resolves when there is room downstream; undefined when there is room now. */
  wait(): Promise<void> | undefined;
}

/** What a source tells about itself; the daemon logs it and the status page shows it. */
export type SourceEvent =
  | { readonly kind: 'connected'; readonly detail: string }
  | { readonly kind: 'disconnected'; readonly detail: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'dropped' | 'repeated'; readonly count: number; readonly detail: string };

/** The contract of every input. */
export interface Source {
  /** The broker it is connected to, where it is one; with the port that an embedded one got. */
  readonly url?: string;
  /**
   * Cold: the subscription connects. Completes when the input is exhausted (files) or after
   * `stop()`; errors only where going on is impossible, with a message for the user.
   */
  messages(gate: Gate): Observable<MessageBatch>;
  /** Before `messages`: what was taken in an earlier life of the process, the oldest first. */
  restore?(deliveries: readonly Delivery[]): void;
  /**
   * Takes what these streams want from now on, and nothing that only earlier ones wanted; without
   * missing a message that both want. A recording is read to its end as it was begun: it has none.
   */
  follow?(streams: readonly StreamConfig[]): void;
  readonly events: Observable<SourceEvent>;
  /**
   * Brokers: sends a message of QoS 0, on the connection that the messages come in on.
   * @returns false where there is none just now
   */
  publish?(topic: string, payload: Uint8Array): boolean;
  /** Share of the input read so far, 0..1; undefined where it has no end. */
  progress(): number | undefined;
  /** Stops intake; what was already received still comes out, then `messages` completes. */
  stop(): Promise<void>;
  /** After everything is written: publishes offline where that applies, and disconnects. */
  close(): Promise<void>;
}

/** An input that cannot be read: the message is for the user, the code for `process.exit`. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  /** 2: mend the input or the configuration; 3: the broker could not be reached. */
  readonly exitCode: 2 | 3;

  constructor(message: string, exitCode: 2 | 3 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
