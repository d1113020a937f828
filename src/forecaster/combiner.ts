import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { Ensemble } from './ensemble.ts';
import { ErrorScale } from './error-scale.ts';

/** What makes one forecast of many, per lead, from their delayed record. */
export interface Combiner {
  /** Numbers that a row of pending forecasts keeps behind the experts'; the first is the forecast. */
  readonly lanes: number;
  /** Weight of an expert at a lead (0-based) in the newest forecast. */
  weight(lead: number, expert: number): number;
  /**
   * @param row experts' values at `offset`…, the first the naive forecast and not NaN; receives
   *   `lanes` numbers behind them, the first of them the forecast
   */
  mix(lead: number, row: Float64Array, offset: number): number;
  /** @param row what `mix` left for the forecast of `actual` */
  learn(lead: number, row: Float64Array, offset: number, actual: number): void;
  /** After a change, of strength (0, 1], the record so far counts less. */
  quicken(strength: number): void;
  save(out: ByteWriter): void;
  load(from: ByteReader): void;
}

/** The weighted ensemble alone: enough for a few simple experts and the network. */
export class WeightedCombiner implements Combiner {
  readonly lanes = 1;
  readonly #experts: number;
  readonly #ensemble: Ensemble;
  readonly #scale: ErrorScale;

  constructor(horizon: number, experts: number) {
    this.#experts = experts;
    this.#ensemble = new Ensemble(horizon, experts);
    this.#scale = new ErrorScale(horizon);
  }

  weight(lead: number, expert: number): number {
    return this.#ensemble.weight(lead, expert);
  }

  mix(lead: number, row: Float64Array, offset: number): number {
    const forecast = this.#ensemble.mix(lead, row, offset);
    row[offset + this.#experts] = forecast;
    return forecast;
  }

  learn(lead: number, row: Float64Array, offset: number, actual: number): void {
    const forecast = row[offset + this.#experts]!;
    this.#scale.add(lead, row[offset]! - actual);
    this.#ensemble.learn(lead, row, offset, forecast, actual, this.#scale.of(lead));
  }

  quicken(strength: number): void {
    this.#ensemble.quicken(strength);
  }

  save(out: ByteWriter): void {
    this.#scale.save(out);
    this.#ensemble.save(out);
  }

  load(from: ByteReader): void {
    this.#scale.load(from);
    this.#ensemble.load(from);
  }
}
