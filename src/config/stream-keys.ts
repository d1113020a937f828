import type { Period } from './duration.ts';
import type { FaultAt } from './rule.ts';
import { parseTemplate, type TemplatePart } from './template.ts';

/** What the rules of a stream look at. */
export interface StreamKeys {
  topic: string;
  kind: string;
  payload: string;
  rebirth?: boolean;
  columns?: string[];
  values: string | string[];
  time: string | { field: string; unit: string };
  series?: string;
  every?: Period;
  horizon: number;
  seasons: 'auto' | Period[];
  score_leads?: 'all' | number[];
  model: { cell: string; initial_weights?: string };
  aggregate: string;
  transform: string;
  bounds?: { min?: number; max?: number };
  channels: string;
  covariates: { field: string; known: boolean }[];
  bars?: { price?: string; volume?: string };
}

export function templateOr(
  series: string,
  bad: (message: string) => void,
): readonly TemplatePart[] {
  try {
    return parseTemplate(series);
  } catch (error) {
    bad((error as Error).message);
    return [];
  }
}

export function noTwins(key: string, list: readonly string[], fault: FaultAt): void {
  for (const [i, item] of list.entries()) {
    if (list.indexOf(item) < i) fault([key, i], `"${item}" is given twice; remove one`);
  }
}
