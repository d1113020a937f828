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

/** A step as the outside world hears of it: copies, since the report belongs to the forecaster. */
export function seriesPoints(info: SeriesInfo, step: ClosedStep): SeriesPoints {
  const { timeMs, actual, report, target } = step;
  const { issued } = report;
  const cells = (values: Float64Array): Float64Array => (issued ? values.slice() : NOTHING);
  const bands = report.intervals.map(({ coverage, lower, upper }) => ({
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
    targetMs: issued ? report.mean.map((_, i) => target(i + 1)) : NOTHING,
    mean: cells(report.mean),
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
