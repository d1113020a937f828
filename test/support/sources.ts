import type { Gate, Message, MessageBatch, Source } from '../../src/source/source.ts';

export const openGate: Gate = { wait: () => undefined };

export interface Outcome {
  readonly messages: readonly Message[];
  readonly error: Error | undefined;
}

export interface ReadOptions {
  readonly gate?: Gate;
  readonly onBatch?: (batch: MessageBatch) => void;
}

/** For tests: everything that a source gives until it completes or fails. */
export function readAll(
  source: Source,
  { gate = openGate, onBatch = () => {} }: ReadOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const messages: Message[] = [];
    source.messages(gate).subscribe({
      next: (batch) => {
        messages.push(...batch);
        onBatch(batch);
      },
      error: (error: Error) => resolve({ messages, error }),
      complete: () => resolve({ messages, error: undefined }),
    });
  });
}
