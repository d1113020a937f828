/** What a shard has learned of a series, for people; as JSON has it: null is what is not known. */
import type { ForecasterView, IntervalView, LeadView, NetworkView } from '../forecaster/view.ts';
import type { StreamAccounting } from './accounting.ts';

/** One series, or several that are learned as one. */
export interface LearnedView {
  /** Newest step that has been learned, of all of them. */
  readonly newestMs: number | null;
  readonly channels: readonly ChannelView[];
}

export interface ChannelView {
  readonly series: string;
  /** Period of its grid. */
  readonly everyMs: number | null;
  readonly newestMs: number | null;
  readonly watermarkMs: number | null;
  readonly samples: Readonly<Omit<StreamAccounting, 'received'>>;
  /** Absent where it is not forecast, or not yet. */
  readonly forecast?: ForecastView;
}

export interface ForecastView {
  readonly seasons: readonly number[];
  readonly putAside: number | null;
  /** Those that are scored. */
  readonly leads: readonly LeadReport[];
  readonly network?: Nullable<NetworkView>;
}

export interface LeadReport {
  readonly lead: number;
  readonly scored: number | null;
  readonly skill: number | null;
  readonly mean: number | null;
  readonly intervals: readonly Nullable<IntervalView>[];
  /** The heaviest first. */
  readonly experts: readonly { readonly expert: string; readonly weight: number }[];
}

type Nullable<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : T[K] };

type GivenLead = Pick<LeadView, 'lead'> & Partial<LeadView> & Pick<LeadReport, 'experts'>;

export function forecastView(
  { seasons, putAside, network }: Omit<ForecasterView, 'putAside'> & Partial<ForecasterView>,
  leads: readonly GivenLead[],
): ForecastView {
  return {
    seasons,
    putAside: putAside ?? null,
    leads: leads.map(leadReport),
    ...(network && { network: nullable(network) }),
  };
}

function leadReport({ lead, scored, skill, mean, intervals = [], experts }: GivenLead): LeadReport {
  return {
    lead,
    scored: known(scored),
    skill: known(skill),
    mean: known(mean),
    intervals: intervals.map(nullable),
    experts: experts.toSorted((a, b) => b.weight - a.weight),
  };
}

function nullable<T extends object>(view: T): Nullable<T> {
  const all = Object.entries(view).map(([key, value]) => {
    return [key, typeof value === 'number' ? known(value) : value];
  });
  return Object.fromEntries(all) as Nullable<T>;
}

export function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
