import type { RejectedPoint, Sink } from '../sink/sink.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { TextFile } from './text-file.ts';

/** Numbers of full precision are long: text is handed on in pieces of about this size. */
const PIECE_CHARS = 1 << 18;

/**
 * Every forecast, one line a series and step:
 * `{"series","issued","mean":[lead 1, 2, …],"lower":[…],"upper":[…]}`
 */
export class ForecastsFile implements Sink {
  readonly name: string;
  readonly #file: TextFile;

  constructor(file: TextFile) {
    this.name = `file ${file.path}`;
    this.#file = file;
  }

  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    let text = '';
    for (const points of batch) {
      if (points.mean.length === 0) continue;
      text += `${forecastLine(points)}\n`;
      if (text.length < PIECE_CHARS) continue;
      await this.#file.write(text);
      text = '';
    }
    await this.#file.write(text);
    return [];
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function forecastLine({ series, issuedMs, mean, lower, upper }: SeriesPoints): string {
  const issued = new Date(issuedMs).toISOString();
  const head = `{"series":${JSON.stringify(series)},"issued":"${issued}"`;
  return `${head},"mean":[${mean}],"lower":[${lower}],"upper":[${upper}]}`;
}
