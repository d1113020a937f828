import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { formatDuration } from '../config/duration.ts';
import { parseConfig } from '../config/load.ts';
import type { Command } from './command.ts';
import { UserError } from './exit.ts';
import { type Asker, nobody, terminal } from './init/ask.ts';
import { type Chosen, chooseDatabase } from './init/choose-database.ts';
import { type Heard, hear, type Say } from './init/hear.ts';
import {
  checkedOptions,
  INIT_OPTIONS,
  type InitArguments,
  type InitOptions,
} from './init/options.ts';
import { type ConfigSetup, configText, type SecretPlace } from './init/proposal/config-text.ts';
import { propose } from './init/proposal/proposal.ts';
import { findingsText, proposalText } from './init/report.ts';
import { many } from './init/words.ts';
import { print } from './print.ts';
import { run } from './run.ts';

/** First port for the page, and how many are tried. */
const PAGE_PORT = 8484;
const PAGE_PORTS = 20;
const ABORTED = 130;

export const command: Command<InitArguments> = {
  builder: (y) =>
    y
      .positional('file', { type: 'string', describe: 'File to write; default foretide.yaml' })
      .options(INIT_OPTIONS)
      .example('$0 init', 'Asks for the broker and the topics')
      .example("$0 init site.yaml --broker mqtt://gateway --topic 'sensors/#' --yes --run", ''),
  handler: async (argv) => {
    try {
      await init(argv, process.env);
    } catch (error) {
      // Ctrl-C at a question.
      if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
      throw new UserError('Ended; nothing was written.', ABORTED);
    }
  },
};

/** Words go to standard error: standard output has the configuration where none is written. */
const say: Say = (text) => console.error(text);

async function init(argv: InitArguments, env: NodeJS.ProcessEnv): Promise<void> {
  const options = checkedOptions(argv);
  const asker = process.stdin.isTTY && !options.yes ? terminal() : nobody(options.yes);
  const file = await configure(options, asker, env);
  if (file === undefined) return;
  const runs = options.run || (asker.isPerson && (await asker.yes('Run it now?', true)));
  if (runs) await run(file);
}

/** @returns the file that was written; undefined: none was */
export async function configure(
  options: InitOptions,
  asker: Asker,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const heard = await hear(options, asker, say, env);
  say(`\n${findingsText(heard.findings)}\n`);
  const proposal = propose(heard.findings, heard.filter);
  say(proposalText(proposal));
  if (proposal.streams.length === 0) {
    throw new UserError(
      '\nNothing to forecast was heard, so nothing was written. Try --listen 5m.',
    );
  }
  say('');
  const database = await chooseDatabase(options, asker, say, env);
  const setup = await setupOf(options, heard, database, asker, env);
  const text = configText(proposal, setup);
  checkOwn(text, options.file);
  if (!asker.isPerson && !options.yes) {
    await print(text);
    say('\nNothing was written; --yes writes it.');
    return undefined;
  }
  if (asker.isPerson) say(`\n${text}`);
  if (!(await asker.yes(`Write ${options.file}?`, true))) {
    say('Nothing was written.');
    return undefined;
  }
  writeFileSync(options.file, text, { flag: options.force ? 'w' : 'wx' });
  say(`Wrote ${options.file}.\n${nextSteps(setup, options.file, env)}`);
  return options.file;
}

async function setupOf(
  options: InitOptions,
  { access, filter, findings, typedPassword }: Heard,
  database: Chosen | undefined,
  asker: Asker,
  env: NodeJS.ProcessEnv,
): Promise<ConfigSetup> {
  const { url, username, password, caFile } = access;
  const keep = (name: string, secret: string | undefined, variable: string) =>
    keepSecret(options.file, name, secret ?? '', variable, asker, env);
  const place = typedPassword
    ? await keep('mqtt.password', password, 'MQTT_PASSWORD')
    : secretPlace(options.passwordFile, 'MQTT_PASSWORD', options.file);
  const day = new Date().toISOString().slice(0, 10);
  const messages = many(findings.messages, 'message');
  return {
    file: options.file,
    heard: `on ${day}, after ${formatDuration(options.listenMs)} of ${filter} on ${url}: ${messages}, ${many(findings.topics.length, 'topic')}.`,
    broker: {
      url,
      username,
      password: username === undefined ? undefined : place,
      caFile: caFile && fromConfig(options.file, caFile),
    },
    influx: database && {
      ...database,
      password:
        database.username === undefined
          ? undefined
          : secretPlace(options.influxPasswordFile, 'INFLUX_PASSWORD', options.file),
      token: await tokenPlace(database, options, keep),
    },
    httpPort: await freePort(),
  };
}

function secretPlace(file: string | undefined, variable: string, config: string): SecretPlace {
  return file === undefined ? { env: variable } : { file: fromConfig(config, file) };
}

async function tokenPlace(
  { version, token, typedToken }: Chosen,
  { tokenFile, file }: InitOptions,
  keep: (name: string, secret: string | undefined, variable: string) => Promise<SecretPlace>,
): Promise<SecretPlace | undefined> {
  if (version === 1 || (version === 3 && token === undefined)) return undefined;
  if (typedToken) return keep('influx.token', token, 'INFLUX_TOKEN');
  return secretPlace(tokenFile, 'INFLUX_TOKEN', file);
}

/** A secret that was typed in goes to a file of its own, or nowhere. */
async function keepSecret(
  config: string,
  name: string,
  secret: string,
  variable: string,
  asker: Asker,
  env: NodeJS.ProcessEnv,
): Promise<SecretPlace> {
  const path = join(dirname(config), name);
  if (await asker.yes(`Write what you have typed to ${path}, for your eyes only?`, true)) {
    writeFileSync(path, `${secret}\n`, { mode: 0o600 });
    say(`Wrote ${path}.`);
    return { file: name };
  }
  env[variable] = secret;
  return { env: variable };
}

/** A path as the configuration names it: relative to its own folder. */
function fromConfig(config: string, path: string): string {
  return isAbsolute(path) ? path : relative(dirname(config), path);
}

/** What is proposed has to be sound: a fault in it is ours. */
function checkOwn(text: string, file: string): void {
  const env = { MQTT_PASSWORD: 'x', INFLUX_PASSWORD: 'x', INFLUX_TOKEN: 'x' };
  parseConfig(text, file, env, dirname(file));
}

function nextSteps(
  { broker, influx, httpPort }: ConfigSetup,
  file: string,
  env: NodeJS.ProcessEnv,
): string {
  const lines = ['Next:'];
  for (const place of [broker.password, influx?.password, influx?.token]) {
    if (!place || !('env' in place) || env[place.env] !== undefined) continue;
    lines.push(`  export ${place.env}=…`);
  }
  lines.push(`  foretide run ${file}`);
  if (httpPort !== undefined) lines.push(`  http://127.0.0.1:${httpPort}/ then shows it live.`);
  return lines.join('\n');
}

/** A port of loopback that nobody listens on now; undefined: none of those that are tried. */
async function freePort(): Promise<number | undefined> {
  for (let port = PAGE_PORT; port < PAGE_PORT + PAGE_PORTS; port++) {
    if (await isFree(port)) return port;
  }
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
