/** What the page says about numbers, in plain words. */
import type { NetworkView } from '../forecaster/view.ts';
import type { SeriesState } from '../observe/monitor.ts';
import { formatNumber, formatPercent } from './format.ts';

export const STATES: Readonly<
  Record<SeriesState, { readonly word: string; readonly means: string }>
> = {
  good: {
    word: 'Good',
    means: 'Forecasts are no worse than the last value, and the interval holds what it should.',
  },
  learning: { word: 'Learning', means: 'Too few forecasts have been scored yet to judge.' },
  drifting: {
    word: 'Drifting',
    means: 'The errors have changed lately, or the interval holds too little.',
  },
  stale: { word: 'Stale', means: 'No sample has come for several steps.' },
  failing: { word: 'Failing', means: 'Forecasts are clearly worse than the last value.' },
};

/** As people look for them: trouble first, after what is well. */
export const STATE_ORDER = Object.keys(STATES) as SeriesState[];

/** What the share inside an interval differs by, by chance alone. */
export const COVERAGE_SLACK = 0.05;

export function isNarrow(coverage: number | null, nominal: number | null): boolean {
  return coverage !== null && nominal !== null && coverage < nominal - COVERAGE_SLACK;
}

/** From here on a step is unusual; one threshold serves all series. */
export const ANOMALY_FROM = 0.55;

const CHANGES: Readonly<Record<string, string>> = {
  larger: 'errors became larger',
  smaller: 'errors became smaller',
  above: 'values now lie above the forecast',
  below: 'values now lie below the forecast',
};

export function changeWords(kind: string): string {
  return CHANGES[kind] ?? kind;
}

export function skillWords(skill: number | null): string {
  if (skill === null) return 'Not scored yet';
  if (Math.abs(skill) < 0.005) return 'As good as the last value';
  const size = formatPercent(Math.abs(skill));
  return skill > 0
    ? `${size} less error than the last value`
    : `${size} more error than the last value`;
}

export function coverageWords(coverage: number | null, nominal: number | null): string {
  if (coverage === null || nominal === null) return 'Not known yet';
  const off = coverage - nominal;
  if (Math.abs(off) <= COVERAGE_SLACK) return `Holds what it should (${formatPercent(nominal)})`;
  return off < 0
    ? `Holds less than the ${formatPercent(nominal)} it should: too narrow`
    : `Holds more than the ${formatPercent(nominal)} it should: wider than need be`;
}

export function anomalyWords(anomaly: number | null): string {
  if (anomaly === null) return 'Not known yet';
  if (anomaly >= ANOMALY_FROM) return 'Unlike what came before';
  return anomaly >= 0.35 ? 'A little unusual' : 'As usual';
}

export interface NetworkVerdict {
  readonly tone: 'good' | 'warn' | 'plain';
  readonly head: string;
  readonly text: string;
}

type Measured = { readonly [K in keyof NetworkView]: NetworkView[K] | null };

/** Before so many updates the means say little. */
const UPDATES_MIN = 50;

/** How gradients fare on their way through the window. */
export function reachVerdict({
  gradientReach: reach,
  windowSteps,
  updates,
}: Measured): NetworkVerdict {
  if (reach === null || !(reach > 0)) {
    return { tone: 'plain', head: 'Not known yet', text: 'No update has told it so far.' };
  }
  const how = 'The gradient at the window’s first step is';
  const times = formatNumber(Number(reach.toPrecision(2))).replace(/0+$/, '');
  const share = `${times} times that at its last`;
  if ((updates ?? 0) < UPDATES_MIN) {
    return { tone: 'plain', head: 'Too early to say', text: `${how} ${share}, after few updates.` };
  }
  if (reach > 10) {
    return {
      tone: 'warn',
      head: 'Exploding',
      text: `${how} ${share}: it grows on its way back through ${windowSteps} steps. Clipping bounds what an update can do.`,
    };
  }
  if (reach < 1e-3) {
    return {
      tone: 'plain',
      head: 'Vanishing',
      text: `${how} ${share}: what lies ${windowSteps} steps back teaches nothing. That is normal where the near past tells all, and a loss where far things matter.`,
    };
  }
  if (reach < 0.05) {
    return {
      tone: 'plain',
      head: 'Fades',
      text: `${how} ${share}: what lies ${windowSteps} steps back counts little beside what is near.`,
    };
  }
  return {
    tone: 'good',
    head: 'Reaches through',
    text: `${how} ${share}: the far end of the ${windowSteps} steps still teaches something, and nothing blows up.`,
  };
}

export function clipVerdict({ clippedShare, gradNorm, clippedNorm }: Measured): NetworkVerdict {
  if (clippedShare === null || gradNorm === null || clippedNorm === null) {
    return { tone: 'plain', head: 'Not known yet', text: 'No update has been made so far.' };
  }
  const share = formatPercent(clippedShare);
  const norms = `Mean length ${gradNorm.toPrecision(3)} before clipping, ${clippedNorm.toPrecision(3)} after.`;
  if (clippedShare > 0.5) {
    return {
      tone: 'warn',
      head: `${share} clipped`,
      text: `${norms} Most updates are held back: the errors are large for what it has learned so far, as after a change or at the start.`,
    };
  }
  return {
    tone: 'good',
    head: clippedShare === 0 ? 'None clipped' : `${share} clipped`,
    text: `${norms} ${clippedShare === 0 ? 'No update had to be held back.' : 'Only the unusual updates are held back.'}`,
  };
}

const EXPERTS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^last(_value)?$/, 'as it is now'],
  [/^seasonal[-_](\d+)$/, 'as one season of $1 steps ago'],
  [/^seasonal_(growth|shift)_(\d+).*$/, 'season of $2 steps, with its $1'],
  [/^holt_winters_1(_|$)/, 'smoothed level and trend'],
  [/^holt_winters_(\d+).*$/, 'smoothed level and season of $1 steps'],
  [/^analog/, 'what followed similar moments'],
  [/^drift$/, 'a straight line on'],
  [/^reservoir/, 'regression on the network’s state'],
  [/^regression/, 'regression on past values'],
  [/^known_effect$/, 'what is known ahead'],
  [/^(network|recurrent|lstm|gru|rnn)/, 'recurrent network'],
  [/^frequency/, 'how often each came'],
  [/^markov/, 'what followed the last symbols'],
  [/^period$/, 'what came one repetition ago'],
  [/^rotation$/, 'the order in which they come'],
  [/^phase-(\d+)/, 'what is usual at this place of $1 steps'],
  [/^run-length/, 'how long it has lasted'],
];

/** What an expert goes by; empty where its name must do. */
export function expertWords(name: string): string {
  for (const [pattern, words] of EXPERTS) {
    const match = pattern.exec(name);
    if (match) return words.replace(/\$(\d)/g, (_, i: string) => match[Number(i)] ?? '');
  }
  return '';
}
