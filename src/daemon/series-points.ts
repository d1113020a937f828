import type { SeriesInfo } from '../decode/series.ts';
import type { StepReport } from '../forecaster/forecaster.ts';
import type { Band, LeadScore, SeriesPoints } from '../store/points.ts';

const NOTHING = new Float64Array(0);

export interface ClosedStep {
  readonly timeMs: number;
  /** NaN for a gap. */
  readonly actual: number;
  readonly report: StepReport;
  /** Start of the step `lead` steps on. */
  readonly target: (lead: number) => number;
  /** Leads whose scores are told. */
  readonly scoreLeads: readonly number[];
}

/**
 * A step as the outside world hears of it: copies, since the report belongs to the forecaster. They lie
 * in one array, as many small ones are what takes the garbage collector longest.
 */
export function seriesPoints(info: SeriesInfo, step: ClosedStep): SeriesPoints {
  const { timeMs, actual, report, target } = step;
  const { issued, mean, intervals } = report;
  const leads = issued ? mean.length : 0;
  const all = issued ? new Float64Array((2 + 2 * intervals.length) * leads) : NOTHING;
  let end = 0;
  const cells = (values?: Float64Array): Float64Array => {
    if (values && issued) all.set(values, end);
    end += leads;
    return all.subarray(end - leads, end);
  };
  const targetMs = cells();
  for (let i = 0; i < leads; i++) targetMs[i] = target(i + 1);
  const bands = intervals.map(({ coverage, lower, upper }) => ({
    coverage,
    lower: cells(lower),
    upper: cells(upper),
  }));
  const [{ lower, upper }, ...inner] = bands as [Band, ...Band[]];
  return {
    stream: info.stream,
    series: info.name,
    issuedMs: timeMs,
    actual,
    targetMs,
    mean: cells(mean),
    lower,
    upper,
    inner,
    anomaly: report.anomaly,
    change: report.change,
    ...(report.changeKind && { changeKind: report.changeKind }),
    scores: leadScores(step),
  };
}

function leadScores({ actual, report, scoreLeads }: ClosedStep): LeadScore[] {
  const scores: LeadScore[] = [];
  for (const { lead, forecast, naiveError, skill, intervals } of report.scores) {
    if (!scoreLeads.includes(lead)) continue;
    const [outer, ...inner] = intervals.map(({ covered, coverage }, i) => {
      return { level: report.intervals[i]!.coverage, covered, coverage };
    });
    const { covered, coverage } = outer!;
    const error = forecast - actual;
    scores.push({ lead, forecast, actual, error, naiveError, covered, coverage, inner, skill });
  }
  return scores;
}
