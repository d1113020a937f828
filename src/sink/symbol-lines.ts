/**
 * Points of a series of symbols as line protocol:
 *
 *   forecast,series=S,symbol=X probability=…,lead=…,issued=… <target time>     one a lead and symbol
 *   forecast_score,lead=L,series=S log_loss=…,probability=…,hit=…,skill=… <step>
 *   actual,series=S,symbol=X value=1 <step>
 *
 * However small, every probability is written: a later forecast for the same time overwrites it.
 */
import type { SeriesPoints } from '../store/points.ts';
import { tagText } from './tag.ts';

export interface SymbolLine {
  readonly line: string;
  readonly timeMs: number;
  /** Whether all its numbers are. */
  readonly finite: boolean;
}

/**
 * None for a series of numbers.
 * @param tag of the series
 * @param actual write what came beside its forecasts
 */
export function symbolLines(points: SeriesPoints, tag: string, actual: boolean): SymbolLine[] {
  const { symbols, issuedMs, targetMs } = points;
  if (!symbols) return [];
  const { names, probability } = symbols;
  const tags = names.map((name) => `${tag}${tagText('symbol', name)}`);
  const lines: SymbolLine[] = [];
  if (actual && symbols.actual >= 0) {
    lines.push({ line: `actual${tags[symbols.actual]} value=1`, timeMs: issuedMs, finite: true });
  }
  for (const { lead, logLoss, hit, probability, skill } of symbols.scores) {
    const fields = `log_loss=${logLoss},probability=${probability},hit=${Number(hit)}`;
    lines.push({
      line: `forecast_score,lead=${lead}${tag} ${fields},skill=${skill}`,
      timeMs: issuedMs,
      finite: [logLoss, probability, skill].every(Number.isFinite),
    });
  }
  for (const [i, timeMs] of targetMs.entries()) {
    for (const [s, symbolTag] of tags.entries()) {
      const p = probability[i * names.length + s]!;
      const fields = `probability=${p},lead=${i + 1},issued=${issuedMs}`;
      const finite = Number.isFinite(p) && Number.isFinite(issuedMs);
      lines.push({ line: `forecast${symbolTag} ${fields}`, timeMs, finite });
    }
  }
  return lines;
}
