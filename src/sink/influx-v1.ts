/**
 * InfluxDB 1.x through the `influx` package: its connection and statements, our lines.
 *
 * The package's own encoder of points writes a tag's line end or trailing backslash as it is, which
 * breaks the request. But it writes a point's measurement as it is too, so a "point" whose
 * measurement is our ready lines goes out byte for byte. A contract test holds that; the version is
 * pinned.
 *
 * The package's pool sets a host that failed aside for some seconds and answers "No host available"
 * meanwhile. The drain waits between attempts already, so here a back-off of 0 switches that off.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { InfluxDB } from 'influx';
import { formatDuration, periodMs } from '../config/duration.ts';
import type { InfluxSinkConfig } from '../config/schema.ts';
import type { InfluxClient } from './influx-client.ts';
import { type Asked, checkGeneration, classify } from './influx-errors.ts';
import { SinkUnavailable } from './sink.ts';

/** The package's timeout is one of silence; this much later the whole call is given up. */
const TIMEOUT_SLACK_MS = 1_000;

const NO_BACK_OFF = { getDelay: () => 0, next: () => NO_BACK_OFF, reset: () => NO_BACK_OFF };

type RetentionConfig = NonNullable<InfluxSinkConfig['retention']>;

export class InfluxV1Client implements InfluxClient {
  readonly where: string;
  readonly #asked: Asked;
  readonly #database: string;
  readonly #config: InfluxSinkConfig;
  readonly #agent: HttpAgent;
  readonly #db: InfluxDB;

  constructor(config: InfluxSinkConfig) {
    const url = new URL(config.url);
    const https = url.protocol === 'https:';
    const path = url.pathname.replace(/\/+$/, '');
    this.#config = config;
    this.#database = config.database ?? 'foretide';
    this.where = `${url.origin}${path}/${this.#database}`;
    const { username } = config;
    const as = username === undefined ? 'without credentials' : `for user "${username}"`;
    this.#asked = { version: 1, where: this.where, as };
    this.#agent = https ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    this.#db = new InfluxDB({
      hosts: [
        {
          protocol: https ? 'https' : 'http',
          host: url.hostname,
          port: Number(url.port) || (https ? 443 : 80),
          path,
          options: { agent: this.#agent },
        },
      ],
      username: config.username,
      password: config.password,
      pool: { backoff: NO_BACK_OFF, maxRetries: 0, requestTimeout: config.timeout },
    });
  }

  /** Makes sure that the database and its retention policy are there. */
  async prepare(): Promise<string[]> {
    const database = this.#database;
    const { retention } = this.#config;
    const notices: string[] = [];
    const version = await this.#version();
    const names = await this.#call(this.#db.getDatabaseNames());
    if (!names.includes(database)) {
      await this.#call(this.#db.createDatabase(database));
      notices.push(`created database "${database}" on InfluxDB ${version}`);
    }
    if (retention) notices.push(...(await this.#prepareRetention(retention)));
    return notices;
  }

  async send(lines: string): Promise<void> {
    const retentionPolicy = this.#config.retention?.name;
    const options = { database: this.#database, precision: 'ms', retentionPolicy } as const;
    await this.#call(this.#db.writePoints([{ measurement: lines }], options));
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A server that does not answer is told by the statement that follows, with the reason. */
  async #version(): Promise<string> {
    const [host] = await this.#call(this.#db.ping(this.#config.timeout));
    const version = host?.version ?? '1.x';
    checkGeneration(version, this.#asked);
    return version;
  }

  /** One that exists is never altered: to shorten it would delete points. */
  async #prepareRetention(retention: RetentionConfig): Promise<string[]> {
    // The configuration sees to it that version 1 has one.
    const name = retention.name!;
    const { duration } = retention;
    const database = this.#database;
    const wantedMs = periodMs(duration);
    const policies = await this.#call(this.#db.showRetentionPolicies(database));
    const known = policies.find((policy) => 'name' in policy && policy.name === name);
    if (!known) {
      const options = { database, duration: `${Math.round(wantedMs)}ms`, replication: 1 };
      await this.#call(this.#db.createRetentionPolicy(name, options));
      return [`created retention policy "${name}" of ${formatDuration(wantedMs)}`];
    }
    const isMs = 'duration' in known ? goDurationMs(String(known.duration)) : undefined;
    if (isMs === wantedMs) return [];
    const has = isMs === undefined ? 'another duration' : formatDuration(isMs) || 'no limit';
    const wanted = formatDuration(wantedMs);
    return [
      `retention policy "${name}" has ${isMs === 0 ? 'no limit' : has}, not ${wanted}; ` +
        'it stays as it is, since to shorten it would delete points (ALTER RETENTION POLICY does)',
    ];
  }

  async #call<T>(request: Promise<T>): Promise<T> {
    const { timeout } = this.#config;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const error = new SinkUnavailable(`${this.where}: no answer in ${formatDuration(timeout)}`);
      timer = setTimeout(() => reject(error), timeout + TIMEOUT_SLACK_MS);
    });
    try {
      return await Promise.race([request, tooLate]);
    } catch (error) {
      throw classify(error, this.#asked);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** `168h0m0s` → ms; undefined for anything else. */
function goDurationMs(text: string): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text);
  if (!match || text === '') return undefined;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return ((hours! * 60 + minutes!) * 60 + seconds!) * 1_000;
}
