/**
 * InfluxDB 3. Core, Enterprise and the newer cloud write by `/api/v3/write_lp`, which names each line
 * it refuses; Serverless, Dedicated and Clustered know the interface of 2.x only. The first answer
 * tells which it is. Databases come into being as they are written to (not in the older clouds).
 */
import type { InfluxSinkConfig } from '../config/schema.ts';
import type { InfluxClient } from './influx-client.ts';
import { answered, InfluxRefusal } from './influx-errors.ts';
import { type Answer, InfluxHttp } from './influx-http.ts';
import { SinkUnavailable } from './sink.ts';

interface Door {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

export class InfluxV3Client implements InfluxClient {
  readonly where: string;
  readonly #http: InfluxHttp;
  readonly #doors: readonly [Door, Door];
  #door: Door | undefined;

  constructor(config: InfluxSinkConfig) {
    const database = config.database ?? 'foretide';
    this.#http = new InfluxHttp(config, 'Bearer', database);
    this.where = this.#http.asked.where;
    this.#doors = [
      {
        path: '/api/v3/write_lp',
        query: { db: database, precision: 'millisecond', accept_partial: 'true' },
      },
      { path: '/api/v2/write', query: { bucket: database, precision: 'ms' } },
    ];
  }

  /** Writes nothing, which tells whether we may: 400, as there are no lines. */
  async prepare(): Promise<string[]> {
    await this.#http.version();
    const [first, second] = this.#doors;
    let door = first;
    let answer = await this.#write(door, '');
    if (answer.status === 404 || answer.status === 405) {
      door = second;
      answer = await this.#write(door, '');
    }
    if (answer.status >= 300) {
      const failure = this.#failure(answer);
      if (failure instanceof SinkUnavailable) throw failure;
    }
    this.#door = door;
    return [];
  }

  async send(lines: string): Promise<void> {
    const answer = await this.#write(this.#door ?? this.#doors[0], lines);
    if (answer.status >= 300) throw this.#failure(answer);
  }

  close(): void {
    this.#http.close();
  }

  #write({ path, query }: Door, lines: string): Promise<Answer> {
    return this.#http.ask('POST', path, { query, lines });
  }

  #failure({ status, text, headers }: Answer): InfluxRefusal | SinkUnavailable {
    const failure = answered(status, text, this.#http.asked, headers.get('retry-after'));
    if (!(failure instanceof InfluxRefusal && failure.storeMissing)) return failure;
    const advice = 'create it there, as this kind of InfluxDB 3 does not by itself';
    return new SinkUnavailable(`${this.where}: ${failure.reason}; ${advice}`, 'slow');
  }
}
