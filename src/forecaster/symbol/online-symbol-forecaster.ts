/**
 * One series of symbols: score what came due → learn → forecast, step by step.
 *
 *     code → history → scores of the forecasts for this step → weights and experts learn
 *                    → experts forecast → their probabilities are mixed per lead
 */

import type { RecurrentEngine } from '../../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { HistoryRing } from '../history.ts';
import { same } from '../saved.ts';
import { Skill } from '../skill.ts';
import type { ForecasterView } from '../view.ts';
import { createSymbolExperts } from './registry.ts';
import type { SymbolExpert } from './symbol-expert.ts';
import type {
  ScoredSymbol,
  SymbolForecaster,
  SymbolForecasterFactory,
  SymbolReport,
  SymbolSettings,
} from './symbol-forecaster.ts';
import { SymbolMixture } from './symbol-mixture.ts';
import { SymbolNetwork } from './symbol-network.ts';
import { SymbolPending } from './symbol-pending.ts';

/** So much of what an expert says is spread over all known symbols: none is held impossible. */
const EVEN_SHARE = 0.001;
const SLOTS_INITIAL = 4;
const FORMAT = 'foretide symbols 2';

export const createSymbolForecaster: SymbolForecasterFactory = (settings, engine) =>
  new OnlineSymbolForecaster(settings, engine);

class OnlineSymbolForecaster implements SymbolForecaster {
  readonly #horizon: number;
  readonly #symbolsMax: number;
  readonly #seasons: readonly number[];
  readonly #experts: readonly SymbolExpert[];
  /** The same, those first that others build on. */
  readonly #order: readonly SymbolExpert[];
  readonly #history: HistoryRing;
  readonly #mixture: SymbolMixture;
  readonly #skill: Skill;
  /** The experts' distributions, and behind them the mixture's. */
  readonly #pending: SymbolPending;
  #known = 0;
  /** Symbols that came since the newest that was new. */
  #sinceNew = 0;
  #slots = 0;

  constructor(settings: SymbolSettings, engine: RecurrentEngine) {
    check(settings);
    this.#horizon = settings.horizon;
    this.#symbolsMax = settings.symbolsMax;
    this.#seasons = settings.seasonSteps;
    const { experts, order } = createSymbolExperts(settings, engine);
    this.#experts = experts;
    this.#order = order;
    this.#history = new HistoryRing(Math.max(...experts.map((e) => e.historySteps)));
    this.#mixture = new SymbolMixture(this.#horizon, experts.length);
    this.#skill = new Skill(this.#horizon);
    this.#pending = new SymbolPending(this.#horizon, experts.length + 1);
    this.#grow(SLOTS_INITIAL);
  }

  step(timeMs: number, given: number): SymbolReport {
    const isCode = Number.isInteger(given) && given >= 0 && given < this.#symbolsMax;
    const symbol = isCode ? given : Number.NaN;
    this.#history.push(timeMs, symbol);
    if (Number.isNaN(this.#history.last)) {
      return { issued: false, known: 0, probability: new Float64Array(0), scores: [] };
    }
    if (isCode) this.#sinceNew++;
    if (symbol >= this.#known) {
      this.#sinceNew = 0;
      this.#known = symbol + 1;
      if (this.#known > this.#slots) this.#grow(this.#known);
    }
    const scores = isCode ? this.#score(symbol) : [];
    const past = { history: this.#history, known: this.#known };
    for (const expert of this.#order) expert.learn(past);
    for (const expert of this.#order) expert.forecast(past);
    const probability = this.#issue();
    this.#pending.next();
    return { issued: true, known: this.#known, probability, scores };
  }

  restart(): void {
    this.#history.clear();
    this.#pending.clear();
    for (const expert of this.#experts) expert.restart();
  }

  thin(factor: number): void {
    for (const expert of this.#experts) expert.thin?.(factor);
  }

  weights(lead: number): { expert: string; weight: number }[] {
    return this.#experts.map(({ name }, k) => ({
      expert: name,
      weight: this.#mixture.weight(lead - 1, k),
    }));
  }

  skill(lead: number): number {
    return this.#skill.count(lead - 1) > 0 ? this.#skill.skill(lead - 1) : Number.NaN;
  }

  view(): Omit<ForecasterView, 'putAside'> {
    const network = this.#experts.find((expert) => expert instanceof SymbolNetwork)?.view;
    return { seasons: this.#seasons, ...(network && { network }) };
  }

  /** The forecasts that had this step as their target: weights learn, and what came is scored. */
  #score(symbol: number): ScoredSymbol[] {
    const { values } = this.#pending;
    const mixed = this.#experts.length;
    const scores: ScoredSymbol[] = [];
    const leads = Math.min(this.#horizon, this.#pending.step);
    for (let i = 0; i < leads; i++) {
      const known = this.#pending.known(i + 1);
      const novelty = this.#pending.novelty(i + 1);
      const isNew = symbol >= known;
      const given = (expert: number): number =>
        values[this.#pending.offset(i + 1, expert) + symbol]!;
      // Of a symbol that was new nobody could speak: it tells nothing of who is the best.
      if (!isNew) this.#mixture.learn(i, given(mixed), given);
      const probability = isNew ? novelty : (1 - novelty) * given(mixed);
      const naive = isNew ? novelty : (1 - novelty) * given(0);
      const logLoss = -Math.log(probability);
      this.#skill.add(i, logLoss, -Math.log(naive));
      const row = values.subarray(this.#pending.offset(i + 1, mixed)).subarray(0, known);
      const hit = !isNew && likeliest(row) === symbol;
      scores.push({ lead: i + 1, probability, logLoss, hit, skill: this.#skill.skill(i) });
    }
    return scores;
  }

  /** Mixes what the experts say, and keeps it all for its target. @returns [horizon][known] */
  #issue(): Float64Array {
    const { values } = this.#pending;
    const known = this.#known;
    const mixed = this.#experts.length;
    const out = new Float64Array(this.#horizon * known);
    const novelty = this.#novelty();
    for (let i = 0; i < this.#horizon; i++) {
      this.#pending.issue(i + 1, known, novelty);
      const mix = this.#pending.offset(i + 1, mixed);
      values.fill(0, mix, mix + known);
      for (let k = 0; k < mixed; k++) {
        const weight = this.#mixture.weight(i, k);
        const { probability } = this.#experts[k]!;
        const at = this.#pending.offset(i + 1, k);
        const row = i * this.#slots;
        if (Number.isNaN(probability[row]!)) {
          values.fill(Number.NaN, at, at + known);
          continue;
        }
        for (let s = 0; s < known; s++) {
          const said = probability[row + s]!;
          const even = (1 - EVEN_SHARE) * said + EVEN_SHARE / known;
          values[at + s] = even;
          values[mix + s]! += weight * even;
        }
      }
      normalise(values, mix, known);
      for (let s = 0; s < known; s++) out[i * known + s] = (1 - novelty) * values[mix + s]!;
    }
    return out;
  }

  /**
   * How likely the next symbol is one that never came, after n in a row that had: ½ ÷ (n + 1), which
   * is Krichevsky and Trofimov's estimate.
   */
  #novelty(): number {
    return this.#known === this.#symbolsMax ? 0 : 0.5 / (this.#sinceNew + 1);
  }

  /** Room for at least so many symbols: the next power of two, at most what there may be. */
  #grow(known: number): void {
    this.#slots = Math.min(2 ** Math.ceil(Math.log2(known)), Math.max(this.#symbolsMax, 2));
    for (const expert of this.#experts) expert.grow(this.#slots);
    this.#pending.grow(this.#slots);
  }

  save(): Uint8Array {
    const out = new ByteWriter().text(FORMAT).number(this.#horizon).number(this.#symbolsMax);
    out.number(this.#experts.length).number(this.#known).number(this.#sinceNew);
    out.number(this.#slots);
    for (const expert of this.#experts) out.text(expert.name).bytes(expert.save());
    this.#history.save(out);
    this.#pending.save(out);
    this.#mixture.save(out);
    this.#skill.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    same('format', from.text(), FORMAT);
    same('horizon', from.number(), this.#horizon);
    same('most symbols', from.number(), this.#symbolsMax);
    same('number of experts', from.number(), this.#experts.length);
    this.#known = from.number();
    this.#sinceNew = from.number();
    const slots = from.number();
    if (slots !== this.#slots) this.#grow(slots);
    for (const expert of this.#experts) {
      same('expert', from.text(), expert.name);
      expert.load(from.bytes());
    }
    this.#history.load(from);
    this.#pending.load(from);
    this.#mixture.load(from);
    this.#skill.load(from);
    from.end();
  }
}

function likeliest(row: Float64Array): number {
  let best = 0;
  for (let s = 1; s < row.length; s++) if (row[s]! > row[best]!) best = s;
  return best;
}

function normalise(values: Float64Array, at: number, count: number): void {
  let sum = 0;
  for (let i = at; i < at + count; i++) sum += values[i]!;
  for (let i = at; i < at + count; i++) values[i]! /= sum;
}

function check({ horizon, symbolsMax, everyMs }: SymbolSettings): void {
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    throw new Error(`horizon: ${horizon} is no whole number of steps from 1 up`);
  }
  if (!(Number.isInteger(symbolsMax) && symbolsMax >= 1)) {
    throw new Error(`symbolsMax: ${symbolsMax} is no whole number from 1 up`);
  }
  if (!(everyMs > 0)) throw new Error(`everyMs: ${everyMs} is not above 0`);
}
