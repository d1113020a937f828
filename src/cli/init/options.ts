/** What the command line says, checked as a whole before anybody is asked or heard. */
import { existsSync, readFileSync } from 'node:fs';
import { parseDurationMs } from '../../config/duration.ts';
import { ConfigError, parseConfig } from '../../config/load.ts';
import { UserError } from '../exit.ts';

export const INIT_OPTIONS = {
  broker: { type: 'string', describe: 'Broker: mqtt://, mqtts://, ws:// or wss:// host:port' },
  topic: { type: 'string', describe: 'Topic filter to listen to; # = everything' },
  username: { type: 'string', describe: 'User name for the broker' },
  'password-file': {
    type: 'string',
    describe: 'File whose first line is the password; or set MQTT_PASSWORD',
  },
  'ca-file': { type: 'string', describe: 'PEM file of the broker’s certificate authority' },
  listen: { type: 'string', default: '30s', describe: 'How long to listen; Ctrl-C ends it early' },
  influx: { type: 'string', describe: 'InfluxDB, as http://host:8086; none = do without' },
  database: {
    type: 'string',
    default: 'foretide',
    describe: 'Database for the forecasts; of InfluxDB 2 the bucket',
  },
  org: { type: 'string', describe: 'InfluxDB 2: the organization' },
  'token-file': {
    type: 'string',
    describe: 'InfluxDB 2 and 3: file whose first line is the token; or set INFLUX_TOKEN',
  },
  'influx-username': { type: 'string', describe: 'InfluxDB 1: user name' },
  'influx-password-file': {
    type: 'string',
    describe: 'File whose first line is the password; or set INFLUX_PASSWORD',
  },
  out: { type: 'string', describe: 'File to write; the same as FILE' },
  force: { type: 'boolean', default: false, describe: 'Overwrite the file' },
  yes: { type: 'boolean', default: false, describe: 'Ask nothing: take what is proposed' },
  run: { type: 'boolean', default: false, describe: 'Run what was written, at once' },
} as const;

export interface InitArguments {
  readonly file?: string;
  readonly broker?: string;
  readonly topic?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly listen: string;
  readonly influx?: string;
  readonly database: string;
  readonly org?: string;
  readonly tokenFile?: string;
  readonly influxUsername?: string;
  readonly influxPasswordFile?: string;
  readonly out?: string;
  readonly force: boolean;
  readonly yes: boolean;
  readonly run: boolean;
}

export interface InitOptions extends InitArguments {
  readonly file: string;
  readonly listenMs: number;
}

const FILE = 'foretide.yaml';
/** Longer is a day at the broker: use `run`, which learns meanwhile. */
const LISTEN_MS_MAX = 86_400_000;

/** @throws UserError with one line a fault */
export function checkedOptions(argv: InitArguments): InitOptions {
  const faults: string[] = [];
  const file = argv.file ?? argv.out ?? FILE;
  if (argv.file !== undefined && argv.out !== undefined && argv.file !== argv.out) {
    faults.push(`--out ${argv.out}: the file is given as ${argv.file} already; remove one`);
  }
  if (existsSync(file) && !argv.force) {
    faults.push(`${file}: exists; --force overwrites it, or name another file`);
  }
  let listenMs = 0;
  try {
    listenMs = parseDurationMs(argv.listen);
    if (listenMs < 1_000 || listenMs > LISTEN_MS_MAX) {
      faults.push(`--listen ${argv.listen}: write 1s to 1d`);
    }
  } catch (error) {
    faults.push(`--listen: ${(error as Error).message}`);
  }
  const { broker, topic, influx } = argv;
  if (broker !== undefined) faults.push(...told('--broker', brokerFault(broker)));
  if (topic !== undefined) faults.push(...told('--topic', topicFault(topic)));
  if (influx !== undefined && influx !== 'none') {
    faults.push(...told('--influx', influxFault(influx)));
  }
  const inputs = [
    ['--password-file', argv.passwordFile],
    ['--ca-file', argv.caFile],
    ['--influx-password-file', argv.influxPasswordFile],
    ['--token-file', argv.tokenFile],
  ] as const;
  for (const [option, path] of inputs) {
    if (path !== undefined && !existsSync(path)) faults.push(`${option}: ${path} does not exist`);
  }
  if (faults.length > 0) throw new UserError(faults.join('\n'));
  return { ...argv, file, listenMs };
}

export function brokerFault(url: string): string | undefined {
  return faultOf({ source: { mqtt: { url } } }, 'source.mqtt.url');
}

export function topicFault(topic: string): string | undefined {
  return faultOf({ streams: [{ topic }] }, 'streams[0].topic');
}

export function influxFault(url: string): string | undefined {
  return faultOf({ sinks: { influx: { url } } }, 'sinks.influx.url');
}

/** What the configuration would say about a value. */
function faultOf(part: object, path: string): string | undefined {
  const text = JSON.stringify({ streams: [{ topic: 'a' }], ...part }).replaceAll('${', '$${');
  try {
    parseConfig(text, 'init', {}, '.');
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.find((fault) => fault.path === path)?.message;
  }
}

function told(option: string, fault: string | undefined): string[] {
  return fault === undefined ? [] : [`${option}: ${fault}`];
}

/** The first line of a file. */
export function secretIn(file: string): string {
  return readFileSync(file, 'utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/, 1)[0]!;
}
