/** From an address to findings: asks, connects, listens, and asks again where that fails. */
import { logUpdateStderr } from 'log-update';
import { formatDuration } from '../../config/duration.ts';
import { EXIT, UserError } from '../exit.ts';
import type { Asker } from './ask.ts';
import { type BrokerAccess, CannotListen, listen, NO_BROKER } from './listener.ts';
import { brokerFault, type InitOptions, secretIn, topicFault } from './options.ts';
import { type Findings, Survey } from './survey/survey.ts';
import { many } from './words.ts';

export interface Heard {
  readonly access: BrokerAccess;
  readonly filter: string;
  readonly findings: Findings;
  /** The password was typed in, and is in no file or variable yet. */
  readonly typedPassword: boolean;
}

const BROKER = 'mqtt://127.0.0.1:1883';
const REDRAW_MS = 250;
const BASE = 'foretide';

export type Say = (text: string) => void;

/** @throws UserError where there is nobody to ask, and nothing to be heard */
export async function hear(
  options: InitOptions,
  asker: Asker,
  say: Say,
  env: NodeJS.ProcessEnv,
): Promise<Heard> {
  let access: BrokerAccess = {
    url: options.broker ?? (await asker.text('Broker', BROKER, brokerFault)),
    username: options.username,
    password: givenPassword(options, env),
    caFile: options.caFile,
  };
  let filter = options.topic ?? (await asker.text('Topics (# = all)', '#', topicFault));
  let typedPassword = false;
  for (;;) {
    const survey = new Survey(BASE);
    try {
      await listenTo(survey, access, filter, options.listenMs, say);
    } catch (error) {
      if (!(error instanceof CannotListen)) throw error;
      if (!asker.isPerson) throw new UserError(adviceFor(error), EXIT.unreachable);
      say(adviceFor(error));
      if (error.kind === 'refused' && (await asker.yes('Give a user name?', true))) {
        const username = await asker.text('User', access.username ?? '');
        access = { ...access, username, password: await asker.secret('Password') };
        typedPassword = true;
      } else {
        access = { ...access, url: await asker.text('Broker', access.url, brokerFault) };
      }
      continue;
    }
    const findings = survey.findings();
    if (findings.topics.length > 0) return { access, filter, findings, typedPassword };
    const nothing = silence(findings, access, filter, options.listenMs);
    if (!asker.isPerson) throw new UserError(nothing);
    say(nothing);
    if (!(await asker.yes('Listen again?', true))) throw new UserError('Nothing was written.');
    filter = await asker.text('Topics (# = all)', filter, topicFault);
  }
}

function givenPassword(options: InitOptions, env: NodeJS.ProcessEnv): string | undefined {
  if (options.passwordFile !== undefined) return secretIn(options.passwordFile);
  return options.username === undefined ? undefined : env.MQTT_PASSWORD;
}

async function listenTo(
  survey: Survey,
  access: BrokerAccess,
  filter: string,
  forMs: number,
  say: Say,
): Promise<void> {
  const end = new AbortController();
  const onSignal = (): void => end.abort();
  process.once('SIGINT', onSignal);
  say(
    `Listening to ${filter} on ${access.url} for ${formatDuration(forMs)}; Ctrl-C ends it early.`,
  );
  const shown = progress(survey, forMs);
  try {
    await listen(access, filter, forMs, (message) => survey.add(message), end.signal);
  } finally {
    shown.stop();
    process.removeListener('SIGINT', onSignal);
  }
  say(`Heard ${many(survey.messages, 'message')} on ${many(survey.topics, 'topic')}.`);
}

/** A line that is drawn anew, where somebody looks on. */
function progress(survey: Survey, forMs: number): { stop(): void } {
  if (!process.stderr.isTTY) return { stop: () => {} };
  const startedMs = performance.now();
  let before = { messages: 0, atMs: startedMs };
  let rate = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - before.atMs >= 1_000) {
      rate = (survey.messages - before.messages) / ((nowMs - before.atMs) / 1_000);
      before = { messages: survey.messages, atMs: nowMs };
    }
    const left = Math.max(0, Math.ceil((forMs - (nowMs - startedMs)) / 1_000));
    const { messages, topics } = survey;
    logUpdateStderr(
      `${many(messages, 'message')}, ${many(topics, 'topic')}, ${rate.toFixed(1)} a second; ${left}s left`,
    );
  }, REDRAW_MS);
  return {
    stop() {
      clearInterval(timer);
      logUpdateStderr.clear();
    },
  };
}

function adviceFor({ kind, message }: CannotListen): string {
  if (kind === 'unreachable') return `${message}\n\n${NO_BROKER}`;
  return `${message}\nGive --username and --password-file (or set MQTT_PASSWORD).`;
}

function silence(
  { storedOnly, ours }: Findings,
  { url }: BrokerAccess,
  filter: string,
  listenedMs: number,
): string {
  const lines = [`${url} sent nothing on "${filter}" in ${formatDuration(listenedMs)}.`];
  if (storedOnly.length > 0) {
    lines.push(
      `It has stored (retained) messages on ${many(storedOnly.length, 'topic')}, of unknown age, as on ${storedOnly[0]}.`,
    );
  }
  if (ours > 0) lines.push('What came was of $SYS or of Foretide itself.');
  lines.push(
    'Do the devices send so seldom? Listen longer: --listen 5m.',
    'Is the filter right? # hears everything the broker lets this user hear.',
  );
  return lines.join('\n');
}
