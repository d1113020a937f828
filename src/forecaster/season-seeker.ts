/**
 * A series whose seasons are not told. It keeps its newest steps, looks for seasons in them at
 * growing intervals, and when it finds others than those in use, a second forecaster with these
 * goes through the kept steps from the oldest on, several at each new one. Once it is up to date it
 * takes over: everything it knows, its pending forecasts too, came in the order of time.
 *
 *     kept steps  ──────────────────────────────┐ the newest
 *     successor   ════════▶ REPLAY_A_STEP a step
 */
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { VALUE_MAX } from './credible.ts';
import type {
  Effort,
  ForecasterSettings,
  ScoredLead,
  SeasonedSettings,
  SeriesForecaster,
  StepReport,
} from './forecaster.ts';
import { HistoryRing } from './history.ts';
import { same } from './saved.ts';
import { findSeasons, likelySeasons } from './season-finder.ts';
import { Stepping } from './stepping.ts';
import type { ForecasterView, LeadView } from './view.ts';

/** Steps kept: seasons up to a third of it can be found. */
const KEPT_STEPS: Record<Effort, number> = {
  simple: 1_024,
  low: 1_024,
  balanced: 2_048,
  high: 8_192,
};
/** Looked for first after so many steps, and again each time there are half as many more … */
const FIRST_STEPS = 24;
const GROWTH = 1.5;
/** … but at least this often, in kept lengths. */
const INTERVAL_MAX = 8;
const REPLAY_A_STEP = 8;
/** Fewer where learning is thinned; with one a step it would never catch up. */
const REPLAY_A_STEP_MIN = 2;
/** Series that began together do not search together: up to so much later, by their seeds. */
const STAGGER = 0.2;
/** Least share of kept steps with a value. */
const KNOWN_SHARE_MIN = 2 / 3;
const FORMAT = 'foretide seasons 1';

type Create = (settings: SeasonedSettings) => SeriesForecaster;

interface Seasoned {
  readonly seasons: readonly number[];
  readonly forecaster: SeriesForecaster;
}

export class SeasonSeeker extends Stepping implements SeriesForecaster {
  readonly #settings: ForecasterSettings;
  readonly #create: Create;
  /** The series, its companions, and the covariates known ahead. */
  readonly #kept: readonly HistoryRing[];
  readonly #companions: Float64Array;
  /** [knownAhead][1 + horizon], of the step that is replayed. */
  readonly #ahead: Float64Array;
  /** In [0, STAGGER). */
  readonly #stagger: number;
  #newestAhead: ArrayLike<number> = [];
  #current: Seasoned;
  #successor: Seasoned | undefined;
  /** Kept steps that the successor has not seen yet. */
  #behind = 0;
  /** The predecessor: the scores of what it has issued are still its own. */
  #leaving: Seasoned | undefined;
  #sinceChange = 0;
  #steps = 0;
  #seekAt = FIRST_STEPS;
  #putAsideBefore = 0;
  #thinning = 1;

  constructor(settings: ForecasterSettings, create: Create) {
    super();
    if (settings.recurrent?.initialWeights) {
      throw new Error('initial weights need seasons that are told: the shape depends on them');
    }
    this.#settings = settings;
    this.#stagger = (STAGGER * (settings.seed % 1_009)) / 1_009;
    this.#create = create;
    const { companions = 0, knownAhead = 0 } = settings;
    const steps = KEPT_STEPS[settings.effort ?? 'simple'];
    this.#kept = Array.from({ length: 1 + companions + knownAhead }, () => new HistoryRing(steps));
    this.#companions = new Float64Array(companions);
    this.#ahead = new Float64Array(knownAhead * (1 + settings.horizon));
    this.#current = this.#make(likelySeasons(settings.everyMs, steps));
  }

  get putAside(): number {
    return this.#putAsideBefore + this.#current.forecaster.putAside;
  }

  take(
    timeMs: number,
    value: number,
    companions: ArrayLike<number> = [],
    ahead: ArrayLike<number> = [],
  ): void {
    this.#current.forecaster.take(timeMs, value, companions, ahead);
    this.#leaving?.forecaster.take(timeMs, value, companions, ahead);
    this.#keep(timeMs, value, companions, ahead);
    this.#newestAhead = ahead;
    this.#steps++;
  }

  issue(): StepReport {
    const report = this.#current.forecaster.issue();
    const earlier = this.#leaving?.forecaster.issue().scores;
    const scores = earlier ? this.#joined(report.scores, earlier) : report.scores;
    const ahead = this.#newestAhead;
    if (this.#successor) this.#replay(this.#successor, ahead);
    else if (!this.#leaving && this.#steps >= this.#seekAt) this.#seek(ahead);
    return earlier ? { ...report, scores } : report;
  }

  #keep(
    timeMs: number,
    value: number,
    companions: ArrayLike<number>,
    ahead: ArrayLike<number>,
  ): void {
    const { length } = this.#companions;
    for (const [i, ring] of this.#kept.entries()) {
      const known = ahead[(i - 1 - length) * (1 + this.#settings.horizon)];
      const beside = i <= length ? companions[i - 1] : known;
      ring.push(timeMs, i === 0 ? value : (beside ?? Number.NaN));
    }
  }

  restart(): void {
    for (const ring of this.#kept) ring.clear();
    this.#successor = undefined;
    this.#leaving = undefined;
    this.#current.forecaster.restart();
  }

  thin(factor: number): void {
    this.#thinning = factor;
    for (const one of [this.#current, this.#successor, this.#leaving]) one?.forecaster.thin(factor);
  }

  weights(lead: number): { readonly expert: string; readonly weight: number }[] {
    return this.#current.forecaster.weights(lead);
  }

  lead(lead: number): LeadView {
    return this.#current.forecaster.lead(lead);
  }

  view(): ForecasterView {
    return { ...this.#current.forecaster.view(), putAside: this.putAside };
  }

  #make(seasons: readonly number[]): Seasoned {
    const forecaster = this.#create({ ...this.#settings, seasonSteps: seasons });
    forecaster.thin(this.#thinning);
    return { seasons, forecaster };
  }

  /** What was issued before the change is scored as it was issued. */
  #joined(own: readonly ScoredLead[], earlier: readonly ScoredLead[]): readonly ScoredLead[] {
    const change = this.#sinceChange++;
    if (this.#sinceChange >= this.#settings.horizon) this.#leaving = undefined;
    return [
      ...own.filter(({ lead }) => lead <= change),
      ...earlier.filter(({ lead }) => lead > change),
    ];
  }

  #seek(ahead: ArrayLike<number>): void {
    const kept = this.#kept[0]!;
    const interval = Math.min(this.#steps * (GROWTH - 1), INTERVAL_MAX * kept.ring.length);
    this.#seekAt = this.#steps + Math.ceil(interval * (1 + this.#stagger) * this.#thinning);
    const values = bridged(kept);
    if (!values) return;
    const { seasons } = this.#current;
    const found = findSeasons(values, this.#settings.everyMs, seasons);
    // What has been a season may be one again; its experts have no weight meanwhile.
    if (found.length === 0 || String(found) === String(seasons)) return;
    this.#successor = this.#make(found);
    this.#behind = values.length;
    this.#replay(this.#successor, ahead);
  }

  #replay(successor: Seasoned, ahead: ArrayLike<number>): void {
    const values = this.#kept[0]!;
    const steps = Math.max(REPLAY_A_STEP_MIN, REPLAY_A_STEP / this.#thinning);
    for (let i = 0; i < steps && this.#behind > 0; i++) {
      const back = --this.#behind;
      const timeMs = values.timeMs - back * this.#settings.everyMs;
      this.#recall(back, ahead);
      successor.forecaster.step(timeMs, values.at(back), this.#companions, this.#ahead);
    }
    if (this.#behind > 0) {
      // The next step will be one more.
      this.#behind++;
      return;
    }
    this.#putAsideBefore += this.#current.forecaster.putAside - successor.forecaster.putAside;
    this.#leaving = this.#current;
    this.#sinceChange = 0;
    this.#current = successor;
    this.#successor = undefined;
  }

  /** What came with the step `back` steps ago; beyond the newest step, what is known now. */
  #recall(back: number, ahead: ArrayLike<number>): void {
    const { length } = this.#companions;
    const width = 1 + this.#settings.horizon;
    for (let c = 0; c < length; c++) this.#companions[c] = this.#kept[1 + c]!.at(back);
    for (let i = 0; i < this.#ahead.length; i++) {
      const lead = i % width;
      const past = this.#kept[1 + length + Math.floor(i / width)]!;
      const known = lead <= back ? past.at(back - lead) : ahead[i - back];
      this.#ahead[i] = known ?? Number.NaN;
    }
  }

  save(): Uint8Array {
    const out = new ByteWriter().text(FORMAT);
    for (const ring of this.#kept) ring.save(out);
    out.number(this.#steps).number(this.#seekAt).number(this.#sinceChange).number(this.#behind);
    out.number(this.#putAsideBefore);
    for (const one of [this.#current, this.#successor, this.#leaving]) {
      out.text(one ? JSON.stringify(one.seasons) : '');
      if (one) out.bytes(one.forecaster.save());
    }
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    same('format', from.text(), FORMAT);
    for (const ring of this.#kept) ring.load(from);
    this.#steps = from.number();
    this.#seekAt = from.number();
    this.#sinceChange = from.number();
    this.#behind = from.number();
    this.#putAsideBefore = from.number();
    this.#current = this.#loaded(from) ?? this.#make([]);
    this.#successor = this.#loaded(from);
    this.#leaving = this.#loaded(from);
    from.end();
  }

  #loaded(from: ByteReader): Seasoned | undefined {
    const seasons = from.text();
    if (seasons === '') return undefined;
    const one = this.#make(JSON.parse(seasons));
    one.forecaster.load(from.bytes());
    return one;
  }
}

/** The kept steps, oldest first, with a line over each gap; undefined if there are too many. */
function bridged(kept: HistoryRing): Float64Array | undefined {
  const steps = Math.min(kept.steps, kept.ring.length);
  const values = new Float64Array(steps);
  let known = 0;
  let before = -1;
  for (let i = 0; i < steps; i++) {
    const value = kept.at(steps - 1 - i);
    values[i] = Math.abs(value) <= VALUE_MAX ? value : Number.NaN;
    if (Number.isNaN(values[i]!)) continue;
    known++;
    const from = before < 0 ? value : values[before]!;
    for (let gap = before + 1; gap < i; gap++) {
      values[gap] = from + ((value - from) * (gap - before)) / (i - before);
    }
    before = i;
  }
  values.fill(values[before] ?? 0, before + 1);
  return known >= KNOWN_SHARE_MIN * steps ? values : undefined;
}
