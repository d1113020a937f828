/** Where forecasts go: finds, checks and, where that is wanted, creates the database. */
import type { Asker } from './ask.ts';
import {
  checkDatabase,
  createDatabase,
  type DatabaseAccess,
  NO_DATABASE,
  pingInflux,
} from './database.ts';
import type { Say } from './hear.ts';
import { type InitOptions, influxFault, secretIn } from './options.ts';

const INFLUX = 'http://127.0.0.1:8086';

/** @returns undefined: do without */
export async function chooseDatabase(
  options: InitOptions,
  asker: Asker,
  say: Say,
  env: NodeJS.ProcessEnv,
): Promise<DatabaseAccess | undefined> {
  const { database, influxUsername: username } = options;
  let url = await addressOf(options, asker, say);
  for (;;) {
    if (url === undefined) return undefined;
    const access = { url, database, username, password: givenPassword(options, env) };
    const check = await checkDatabase(access);
    say(`Database: ${check.says}`);
    if (check.state === 'ready') return access;
    if (check.state === 'absent') {
      await offerToCreate(access, asker, say);
      return access;
    }
    if (check.state === 'unreachable') say(NO_DATABASE);
    if (!asker.isPerson) return options.influx === undefined ? undefined : access;
    if (await asker.yes('Take it nevertheless, and mend that later?', false)) return access;
    url = await asked(asker, '');
  }
}

async function addressOf(
  options: InitOptions,
  asker: Asker,
  say: Say,
): Promise<string | undefined> {
  if (options.influx !== undefined) return options.influx === 'none' ? undefined : options.influx;
  const version = await pingInflux(INFLUX);
  if (asker.isPerson) return asked(asker, version === undefined ? '' : INFLUX);
  if (version !== undefined) return INFLUX;
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

function givenPassword(options: InitOptions, env: NodeJS.ProcessEnv): string | undefined {
  if (options.influxPasswordFile !== undefined) return secretIn(options.influxPasswordFile);
  return options.influxUsername === undefined ? undefined : env.INFLUX_PASSWORD;
}
