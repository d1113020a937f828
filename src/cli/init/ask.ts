/** Questions to a person at a terminal; where there is none, the answers are the defaults. */
import { confirm, input, password } from '@inquirer/prompts';

export interface Asker {
  /** Whether anybody answers. */
  readonly isPerson: boolean;
  /** @param check what is wrong with an answer; undefined: nothing */
  text(
    question: string,
    otherwise: string,
    check?: (answer: string) => string | undefined,
  ): Promise<string>;
  secret(question: string): Promise<string>;
  yes(question: string, otherwise: boolean): Promise<boolean>;
}

/** Questions go to standard error, so that standard output is for what is made. */
export function terminal(): Asker {
  const context = { output: process.stderr };
  return {
    isPerson: true,
    text: (message, otherwise, check) =>
      input(
        { message, default: otherwise, validate: (answer) => check?.(answer) ?? true },
        context,
      ),
    secret: (message) => password({ message, mask: '*' }, context),
    yes: (message, otherwise) => confirm({ message, default: otherwise }, context),
  };
}

/** @param yes the answer to every question that has two */
export function nobody(yes: boolean): Asker {
  return {
    isPerson: false,
    text: async (_question, otherwise) => otherwise,
    secret: async () => '',
    yes: async (_question, otherwise) => yes && otherwise,
  };
}
