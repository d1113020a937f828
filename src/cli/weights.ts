import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CommandModule } from 'yargs';
import { fromKeras, toKeras, WEIGHTS_FILE } from '../recurrent/keras.ts';
import { readWeights, shapeText, writeWeights } from '../recurrent/weights-file.ts';
import type { Command } from './command.ts';
import { UserError } from './exit.ts';

const MODEL_FILE = 'model.json';

interface ImportArguments {
  model: string;
  out: string;
}

interface ExportArguments {
  file: string;
  out: string;
}

const importCommand: CommandModule<object, ImportArguments> = {
  command: 'import <model>',
  describe: 'Turn a Keras model into a file for model.initial_weights',
  builder: (y) =>
    y
      .positional('model', {
        type: 'string',
        demandOption: true,
        describe: `LayersModel: its folder, or its ${MODEL_FILE}`,
      })
      .option('out', { type: 'string', demandOption: true, describe: 'File to write (.ftw)' })
      .example('$0 weights import trained/ --out initial.ftw', 'Then model.initial_weights'),
  // Asynchronous, so that main.ts sees what it throws.
  handler: async ({ model, out }) => {
    console.error(importWeights(model, out));
  },
};

const exportCommand: CommandModule<object, ExportArguments> = {
  command: 'export <file>',
  describe: 'Turn such a file into a Keras model',
  builder: (y) =>
    y
      .positional('file', { type: 'string', demandOption: true, describe: 'Weights file (.ftw)' })
      .option('out', {
        type: 'string',
        demandOption: true,
        describe: `Folder to write ${MODEL_FILE} and ${WEIGHTS_FILE} to`,
      })
      .example('$0 weights export initial.ftw --out model/', 'A LayersModel for TensorFlow.js'),
  handler: async ({ file, out }) => {
    console.error(exportWeights(file, out));
  },
};

export const command: Command = {
  builder: (y) =>
    y.command(importCommand).command(exportCommand).demandCommand(1, 'Say import or export.'),
  handler: () => {},
};

/**
 * @returns what was done
 * @throws UserError that names the file and what is wrong with it
 */
export function importWeights(model: string, out: string): string {
  const isFolder = statSync(model, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const file = isFolder ? join(model, MODEL_FILE) : model;
  const text = read(file).toString('utf8');
  const imported = attempt(file, () =>
    fromKeras(JSON.parse(text), (path) => read(inFolder(dirname(file), path))),
  );
  write(out, writeWeights(imported));
  return `wrote ${out}: ${shapeText(imported.shape)}`;
}

/** As importWeights. */
export function exportWeights(file: string, out: string): string {
  const weights = attempt(file, () => readWeights(read(file)));
  const { json, bytes } = attempt(file, () => toKeras(weights));
  mkdirSync(out, { recursive: true });
  write(join(out, WEIGHTS_FILE), bytes);
  write(join(out, MODEL_FILE), Buffer.from(`${JSON.stringify(json, undefined, 2)}\n`));
  return `wrote ${join(out, MODEL_FILE)} and ${WEIGHTS_FILE}: ${shapeText(weights.shape)}`;
}

/** A model names files beside itself, and none elsewhere. */
function inFolder(folder: string, path: string): string {
  if (path !== basename(path)) throw new Error(`names "${path}", which is not in its own folder`);
  return join(folder, path);
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Nothing is overwritten: a trained network may be dear. */
function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new UserError(`${file} exists; remove it, or write elsewhere`);
    throw new UserError(`${file} cannot be written: ${message}`);
  }
}

function attempt<T>(file: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
}
