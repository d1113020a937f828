/** One contract for the three kinds of InfluxDB; what differs between them ends here. */
import type { InfluxSinkConfig } from '../config/schema.ts';
import { InfluxV1Client } from './influx-v1.ts';
import { InfluxV2Client } from './influx-v2.ts';
import { InfluxV3Client } from './influx-v3.ts';

export interface InfluxClient {
  /** Address and database or bucket, for people; names the sink. */
  readonly where: string;
  /**
   * Makes sure that we may write, and that there is something to write to.
   * @returns what the user should know
   * @throws SinkUnavailable
   */
  prepare(): Promise<string[]>;
  /**
   * Writes lines with times in ms.
   * @throws InfluxRefusal where something is wrong with the lines, else SinkUnavailable
   */
  send(lines: string): Promise<void>;
  /** Ends the connections; a request that is under way fails. */
  close(): void;
}

export function createInfluxClient(config: InfluxSinkConfig): InfluxClient {
  if (config.version === 3) return new InfluxV3Client(config);
  return config.version === 2 ? new InfluxV2Client(config) : new InfluxV1Client(config);
}
