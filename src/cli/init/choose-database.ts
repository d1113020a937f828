/** Where forecasts go: finds, checks and, where that is wanted, creates the database. */
import type { Asker } from './ask.ts';
import {
  checkDatabase,
  createDatabase,
  type DatabaseAccess,
  generationOf,
  NO_DATABASE,
  type Ping,
  pingInflux,
} from './database.ts';
import type { Say } from './hear.ts';
import { type InitOptions, influxFault, secretIn } from './options.ts';

export interface Chosen extends DatabaseAccess {
  /** The token was typed in, and is in no file or variable yet. */
  readonly typedToken: boolean;
}

const INFLUX = 'http://127.0.0.1:8086';

/** @returns undefined: do without */
export async function chooseDatabase(
  options: InitOptions,
  asker: Asker,
  say: Say,
  env: NodeJS.ProcessEnv,
): Promise<Chosen | undefined> {
  let url = await addressOf(options, asker, say);
  for (;;) {
    if (url === undefined) return undefined;
    const ping = await pingInflux(url);
    const access = await accessTo(url, ping, options, asker, env);
    if (await isFit(access, ping, asker, say)) return access;
    // One that was not asked for is none to wait for.
    if (!asker.isPerson) return options.influx === undefined ? undefined : access;
    if (await asker.yes('Take it nevertheless, and mend that later?', false)) return access;
    url = await asked(asker, '');
  }
}

/** Whether it may be written to, or will be once it is there; says so. */
async function isFit(access: Chosen, ping: Ping, asker: Asker, say: Say): Promise<boolean> {
  if (!ping.answers) {
    say(`Database: ${ping.says}\n${NO_DATABASE}`);
    return false;
  }
  const { url, version, database, org, token } = access;
  if (version === 2 && (org === undefined || token === undefined)) {
    const need = 'give --org and --token-file (or INFLUX_TOKEN)';
    say(`Database: ${url} is InfluxDB 2, which wants an organization and a token; ${need}`);
    return false;
  }
  const question = `Look whether "${database}" is there, and create it if not?`;
  if (version === 2 && !(await asker.yes(question, true))) {
    say(`Database: ${url} answers; foretide run creates "${database}", if it may.`);
    return true;
  }
  const check = await checkDatabase(access, ping.version);
  say(`Database: ${check.says}`);
  if (check.state === 'absent') await offerToCreate(access, asker, say);
  return check.state !== 'refused';
}

async function accessTo(
  url: string,
  ping: Ping,
  options: InitOptions,
  asker: Asker,
  env: NodeJS.ProcessEnv,
): Promise<Chosen> {
  const { database, org, influxUsername: username } = options;
  const given = givenSecret(options.tokenFile, env.INFLUX_TOKEN);
  const version = versionOf(ping, org, given);
  if (version === 1) {
    const password = givenSecret(options.influxPasswordFile, env.INFLUX_PASSWORD);
    return { url, version, database, username, password: username && password, typedToken: false };
  }
  let token = given;
  const typedToken = token === undefined && asker.isPerson;
  if (typedToken) token = (await asker.secret('Token of InfluxDB')) || undefined;
  if (version === 3) return { url, version, database, token, typedToken };
  const named = org ?? (asker.isPerson ? await asker.text('Organization', '') : undefined);
  return { url, version, database, org: named || undefined, token, typedToken };
}

/** As it tells; else as what was given belongs to. */
function versionOf(ping: Ping, org: string | undefined, token: string | undefined): 1 | 2 | 3 {
  const told = ping.answers ? generationOf(ping.version) : undefined;
  if (told !== undefined) return told;
  if (org !== undefined) return 2;
  return token === undefined ? 1 : 3;
}

async function addressOf(
  options: InitOptions,
  asker: Asker,
  say: Say,
): Promise<string | undefined> {
  if (options.influx !== undefined) return options.influx === 'none' ? undefined : options.influx;
  const { answers } = await pingInflux(INFLUX);
  if (asker.isPerson) return asked(asker, answers ? INFLUX : '');
  if (answers) return INFLUX;
  say(`Database: none at ${INFLUX}; give one with --influx. ${NO_DATABASE}`);
  return undefined;
}

async function asked(asker: Asker, otherwise: string): Promise<string | undefined> {
  const check = (url: string): string | undefined => (url === '' ? undefined : influxFault(url));
  const url = await asker.text('InfluxDB (empty: none)', otherwise, check);
  return url === '' ? undefined : url;
}

async function offerToCreate(access: DatabaseAccess, asker: Asker, say: Say): Promise<void> {
  const { database } = access;
  if (!(await asker.yes(`Create the database "${database}" now?`, true))) {
    say('foretide run creates it, if it may.');
    return;
  }
  const fault = await createDatabase(access);
  if (fault === undefined) say(`Created database "${database}"; it may be written to.`);
  else
    say(`It could not be created: ${fault}; an administrator can: CREATE DATABASE "${database}"`);
}

function givenSecret(file: string | undefined, variable: string | undefined): string | undefined {
  return file === undefined ? variable : secretIn(file);
}
