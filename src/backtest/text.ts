/** A backtest's result for a person: first the verdict, then the tables. */
import { formatAccounting } from '../observe/accounting.ts';
import { formatNumber, formatTable } from '../observe/table.ts';
import { seasonWords } from './config.ts';
import type { FileResult, LeadResult, SeriesResult, SymbolResult, WindowResult } from './result.ts';

/** Experts that matter less than this on average are not named. */
const WEIGHT_MIN = 0.01;

export function resultText(result: FileResult): string {
  const { series, all, seasons } = result;
  const [season] = seasons;
  const parts = [
    heading(result),
    series.map((of) => verdict(of, season)).join('\n'),
    ...series.map((of) => seriesTable(of, series.length > 1)),
    windowTable(all, series.length),
    weightTable(series),
    advice(result),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What a daemon needs to be told for the same forecasts: it finds seasons only on the way. */
function advice({ every, seasons, horizon }: FileResult): string {
  if (seasons.length === 0) return '';
  const keys = `every: ${every}, horizon: ${horizon}, seasons: [${seasons.join(', ')}]`;
  return `the same forecasts from a daemon: ${keys} in its configuration`;
}

/** One sentence that answers: is it worth it, and are the intervals honest? */
export function verdict(result: SeriesResult, season?: string): string {
  const { series, overall, leads, symbols } = result;
  if (symbols) return symbolVerdict(series, symbols);
  if (leads.every(({ scored }) => scored === 0)) {
    return `${series}: nothing could be scored; the scored part holds no value with a forecast`;
  }
  const than = [better(overall.skill.lastValue, 'the last value')];
  if (season !== undefined && Number.isFinite(overall.skill.seasonalNaive)) {
    than.push(better(overall.skill.seasonalNaive, seasonWords(season)));
  }
  const [widest] = overall.intervals;
  const held = widest
    ? `; ${percent(widest.nominal, 0)} interval held ${percent(widest.coverage, 1)}`
    : '';
  return `${series}: ${than.join(', ')}${held}`;
}

function symbolVerdict(series: string, [first, ...rest]: readonly SymbolResult[]): string {
  const last = rest.at(-1);
  const far = last ? `, ${percent(last.likeliest, 0)} at lead ${last.lead}` : '';
  const hits = `${percent(first!.likeliest, 0)} at lead ${first!.lead}${far}`;
  return `${series}: the likeliest symbol came true in ${hits} (the last one again: ${percent(first!.lastAgain, 0)})`;
}

function symbolTable(series: string, symbols: readonly SymbolResult[]): string {
  const header = [series, 'scored', 'likeliest', 'last again', 'season again', 'log loss'];
  const rows = symbols.map((of) => [
    `  lead ${of.lead}`,
    String(of.scored),
    ...[of.likeliest, of.lastAgain, of.seasonAgain].map((share) => percent(share, 1)),
    formatNumber(of.logLoss),
  ]);
  return formatTable(header, rows);
}

function better(skill: number, other: string): string {
  const size = percent(Math.abs(skill), Math.abs(skill) < 0.1 ? 1 : 0);
  if (!Number.isFinite(skill)) return `not to be compared with ${other}`;
  return `${size} ${skill >= 0 ? 'better' : 'WORSE'} than ${other}`;
}

function heading({ file, every, seasons, horizon, series, seconds, samples }: FileResult): string {
  const season = seasons.length > 0 ? `seasons ${seasons.join(', ')}` : 'no season';
  const steps = series.reduce((sum, of) => sum + of.steps, 0);
  const dates = series.flatMap(({ from, to }) => (from && to ? [`${day(from)} … ${day(to)}`] : []));
  return [
    `${file}: every ${every}, ${season}, ${horizon} steps ahead; ${steps} steps in ${seconds.toFixed(1)} s`,
    `Scored blind, as each value came: ${dates[0] ?? 'nothing'}`,
    ...samples.filter((a) => a.learned < a.received).map(formatAccounting),
  ].join('\n');
}

function day(iso: string): string {
  return iso.replace(/T00:00:00\.000Z$/, '').replace(/:00\.000Z$/, 'Z');
}

function seriesTable(result: SeriesResult, named: boolean): string {
  const { series, leads, scale, symbols } = result;
  if (symbols) return symbolTable(series, symbols);
  const nominal = leads[0]?.intervals ?? [];
  const header = [
    named ? series : 'lead',
    'scored',
    'MAE',
    'MSE',
    'MASE',
    'sMAPE',
    'pinball',
    ...nominal.map((band) => `in ${percent(band.nominal, 0)}`),
    'Winkler',
    'vs last',
    'vs season',
  ];
  const rows = leads.map((lead) => leadRow(lead, named));
  const note = scale === 1 ? '' : `\nerrors of ${series} are divided by ${formatNumber(scale)}`;
  return formatTable(header, rows) + note;
}

function leadRow(lead: LeadResult, named: boolean): string[] {
  return [
    named ? `  lead ${lead.lead}` : String(lead.lead),
    String(lead.scored),
    ...[lead.mae, lead.mse, lead.mase].map(formatNumber),
    percent(lead.smape, 1),
    formatNumber(lead.pinball),
    ...lead.intervals.map((band) => percent(band.coverage, 1)),
    formatNumber(lead.intervals[0]?.winkler ?? Number.NaN),
    signed(lead.skill.lastValue),
    signed(lead.skill.seasonalNaive),
  ];
}

function windowTable(all: readonly WindowResult[], series: number): string {
  if (all.length === 0) return '';
  const title = series > 1 ? 'all series, leads' : 'leads';
  const header = [title, 'windows', 'MSE', 'MAE', 'last value MSE', 'MAE', 'seasonal MSE', 'MAE'];
  const rows = all.map((w) => [
    w.lead === 1 ? '1' : `1..${w.lead}`,
    String(w.windows),
    ...[w.mse, w.mae].map(formatNumber),
    ...[w.lastValue, w.seasonalNaive].flatMap(({ mse, mae }) => [mse, mae].map(formatNumber)),
  ]);
  return formatTable(header, rows);
}

/** Who the ensemble listened to, on average over time. */
function weightTable(series: readonly SeriesResult[]): string {
  const lines = series.flatMap((of) =>
    of.leads.flatMap(({ lead, weights }) => {
      const named = Object.entries(weights).filter(([, weight]) => weight >= WEIGHT_MIN);
      if (named.length === 0) return [];
      const shares = named
        .sort(([, a], [, b]) => b - a)
        .map(([expert, weight]) => `${expert} ${percent(weight, 0)}`);
      return [`  ${of.series}, lead ${lead}: ${shares.join(', ')}`];
    }),
  );
  return lines.length > 0 ? `weights of the experts, mean over time\n${lines.join('\n')}` : '';
}

export function percent(share: number, digits: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : '–';
}

function signed(skill: number): string {
  if (!Number.isFinite(skill)) return '–';
  return `${skill >= 0 ? '+' : '−'}${Math.abs(100 * skill).toFixed(1)} %`;
}
