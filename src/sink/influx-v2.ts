/** InfluxDB 2.x, and the clouds with its interface: organizations, buckets, tokens. */
import { formatDuration, periodMs } from '../config/duration.ts';
import type { InfluxSinkConfig } from '../config/schema.ts';
import type { InfluxClient } from './influx-client.ts';
import { answered } from './influx-errors.ts';
import { type Answer, InfluxHttp } from './influx-http.ts';
import { SinkUnavailable } from './sink.ts';

interface Bucket {
  readonly name?: string;
  readonly retentionRules?: readonly { readonly type?: string; readonly everySeconds?: number }[];
}

const WRITE = '/api/v2/write';

export class InfluxV2Client implements InfluxClient {
  readonly where: string;
  readonly #http: InfluxHttp;
  readonly #org: string;
  readonly #bucket: string;
  /** 0: for ever; undefined: whatever it is. */
  readonly #retentionMs: number | undefined;

  constructor(config: InfluxSinkConfig) {
    this.#org = config.org!;
    this.#bucket = config.bucket ?? 'foretide';
    this.#retentionMs = config.retention && periodMs(config.retention.duration);
    this.#http = new InfluxHttp(config, 'Token', `${this.#org}/${this.#bucket}`);
    this.where = this.#http.asked.where;
  }

  async prepare(): Promise<string[]> {
    const version = await this.#http.version();
    const bucket = await this.#find();
    if (bucket) return this.#retentionNotices(bucket);
    if (await this.#create()) {
      return [`created bucket "${this.#bucket}" on InfluxDB ${version ?? '2'}`];
    }
    await this.#probe();
    return [];
  }

  async send(lines: string): Promise<void> {
    const answer = await this.#write(lines);
    if (answer.status !== 204) throw this.#failure(answer);
  }

  close(): void {
    this.#http.close();
  }

  #write(lines: string): Promise<Answer> {
    const query = { org: this.#org, bucket: this.#bucket, precision: 'ms' };
    return this.#http.ask('POST', WRITE, { query, lines });
  }

  /** undefined: there is none, or the token may not see it. */
  async #find(): Promise<Bucket | undefined> {
    const query = { org: this.#org, name: this.#bucket };
    const answer = await this.#http.ask('GET', '/api/v2/buckets', { query });
    if (answer.status === 200) {
      const { buckets } = this.#http.json(answer) as { buckets?: readonly Bucket[] };
      return buckets?.find(({ name }) => name === this.#bucket);
    }
    if (lacksPermission(answer)) return undefined;
    const failure = this.#failure(answer);
    if (failure instanceof SinkUnavailable) throw failure;
    return undefined;
  }

  /** Whether it is there now. false: the token may not create one. */
  async #create(): Promise<boolean> {
    const query = { org: this.#org };
    const answer = await this.#http.ask('GET', '/api/v2/orgs', { query });
    if (answer.status !== 200) return false;
    const { orgs } = this.#http.json(answer) as { orgs?: readonly { id: string; name: string }[] };
    const org = orgs?.find(({ name }) => name === this.#org);
    if (!org) return false;
    const everySeconds = Math.round((this.#retentionMs ?? 0) / 1_000);
    const created = await this.#http.ask('POST', '/api/v2/buckets', {
      json: {
        orgID: org.id,
        name: this.#bucket,
        retentionRules: everySeconds > 0 ? [{ type: 'expire', everySeconds }] : [],
      },
    });
    if (created.status === 201) return true;
    if (lacksPermission(created)) return false;
    throw new SinkUnavailable(
      `${this.where}: cannot create bucket "${this.#bucket}": ${this.#failure(created).message}`,
      created.status >= 500 ? 'normal' : 'slow',
    );
  }

  /** Writes nothing, to see whether a token that may neither see nor create buckets may write to it. */
  async #probe(): Promise<void> {
    const answer = await this.#write('');
    if (answer.status === 204 || answer.status === 400) return;
    const failure = this.#failure(answer);
    if (failure instanceof SinkUnavailable) throw failure;
    throw new SinkUnavailable(
      `${this.where}: ${failure.reason}, and the token may not create it; ` +
        `create it (influx bucket create -n ${this.#bucket}), or let the token write buckets`,
      'slow',
    );
  }

  /** One that exists is never altered: to shorten it would delete points. */
  #retentionNotices({ retentionRules = [] }: Bucket): string[] {
    const wantedMs = this.#retentionMs;
    const seconds = retentionRules.find(({ type }) => type === 'expire')?.everySeconds ?? 0;
    if (wantedMs === undefined || seconds * 1_000 === wantedMs) return [];
    const has =
      seconds === 0 ? 'has no limit' : `keeps points for ${formatDuration(seconds * 1e3)}`;
    return [
      `bucket "${this.#bucket}" ${has}, not ${formatDuration(wantedMs)}; it stays as it is, since ` +
        'to shorten it would delete points (influx bucket update --retention does)',
    ];
  }

  #failure({ status, text, headers }: Answer): ReturnType<typeof answered> {
    return answered(status, text, this.#http.asked, headers.get('retry-after'));
  }
}

/** A good token that may not do this: `read:orgs/…/buckets is unauthorized`. */
function lacksPermission({ status, text }: Answer): boolean {
  return status === 403 || (status === 401 && /:orgs\/.*is unauthorized/.test(text));
}
