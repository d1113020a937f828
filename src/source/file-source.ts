import { basename } from 'node:path';
import { EMPTY, Observable, type Subscriber } from 'rxjs';
import { FileInput } from './file-input.ts';
import { type Pace, paceBy } from './pace.ts';
import type { Gate, MessageBatch, Source, SourceEvent } from './source.ts';

const BATCH_MESSAGES_MAX = 1_024;

/** Turns a file's bytes into messages; the batches may be of any size. */
export type FileReader = (chunks: AsyncIterable<Buffer>) => AsyncIterable<MessageBatch>;

/** A recorded stream in a file: the same messages every time, as fast as they are taken. */
export class FileSource implements Source {
  readonly events: Observable<SourceEvent> = EMPTY;
  readonly #file: string;
  readonly #read: FileReader;
  readonly #pace: Pace | undefined;
  readonly #stopping = new AbortController();
  #input: FileInput | undefined;

  constructor(file: string, read: FileReader, pace?: Pace) {
    this.#file = file;
    this.#read = read;
    this.#pace = pace;
  }

  messages(gate: Gate): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      this.#run(gate, subscriber).then(
        () => subscriber.complete(),
        (error) => subscriber.error(error),
      );
      return () => this.#stopping.abort();
    });
  }

  progress(): number {
    return this.#input?.progress() ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
  }

  async #run(gate: Gate, subscriber: Subscriber<MessageBatch>): Promise<void> {
    const { signal } = this.#stopping;
    const input = await FileInput.open(this.#file);
    this.#input = input;
    try {
      const batches = this.#read(input.chunks());
      const paced = this.#pace ? paceBy(batches, { ...this.#pace, signal }) : batches;
      for await (const batch of paced) {
        for (let i = 0; i < batch.length; i += BATCH_MESSAGES_MAX) {
          const wait = gate.wait();
          if (wait) await untilOpen(wait, signal);
          if (signal.aborted) return;
          subscriber.next(batch.slice(i, i + BATCH_MESSAGES_MAX));
        }
      }
    } finally {
      await input.close();
    }
  }
}

/** Resolves when the gate opens or the signal comes. */
function untilOpen(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
    void wait.then(done);
  });
}

/** `data/ETTh1.csv.gz` → `ETTh1` */
export function topicOfFile(file: string): string {
  const name = basename(file).replace(/\.gz$/i, '');
  return name.replace(/(?<=.)\.[^.]*$/, '');
}
