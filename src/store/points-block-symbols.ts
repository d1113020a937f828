/**
 * The part of a row that only series of symbols have:
 *
 *     n leads | v names | actual | k scores
 *     n target times | n × v probabilities
 *     k × (lead, probability, log loss, hit, skill)
 *
 * The names themselves stay on the main thread, which gave each its number.
 */
import type { SeriesPoints, SymbolPoints } from './points.ts';

const SCORE = 5;

export function symbolCells(targetMs: Float64Array, symbols: SymbolPoints): Float64Array {
  const { actual, probability, scores } = symbols;
  const leads = targetMs.length;
  // Not names.length: a thread may not have heard of the newest.
  const known = leads === 0 ? 0 : probability.length / leads;
  const flat = scores.flatMap(({ lead, probability, logLoss, hit, skill }) => {
    return [lead, probability, logLoss, Number(hit), skill];
  });
  return Float64Array.of(leads, known, actual, scores.length, ...targetMs, ...probability, ...flat);
}

/**
 * @param take the next cells of the row
 * @param names of the series, all that are known by now
 */
export function readSymbols(
  take: (count: number) => Float64Array,
  names: readonly string[],
): Pick<SeriesPoints, 'targetMs' | 'symbols'> {
  const [leads, known, actual, scores] = take(4);
  const targetMs = take(leads!);
  const probability = take(leads! * known!);
  return {
    targetMs,
    symbols: {
      names: names.slice(0, known),
      actual: actual!,
      probability,
      scores: Array.from({ length: scores! }, () => {
        const [lead, probability, logLoss, hit, skill] = take(SCORE);
        return {
          lead: lead!,
          probability: probability!,
          logLoss: logLoss!,
          hit: hit === 1,
          skill: skill!,
        };
      }),
    },
  };
}
