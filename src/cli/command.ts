import type { CommandModule } from 'yargs';

/** What a command's module exports; its name and what it is for stand in commands.ts. */
export type Command<U = object> = Required<Pick<CommandModule<object, U>, 'builder' | 'handler'>>;
