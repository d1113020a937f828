import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** What a grid is made from. */
export type GridShape =
  | { readonly kind: 'bin'; readonly everyMs: number }
  | { readonly kind: 'centred'; readonly everyMs: number; readonly phaseMs: number }
  | { readonly kind: 'month'; readonly months: number };

/** A series' regular time axis: cells numbered in order, each with a label and a first instant. */
export interface Grid {
  readonly shape: GridShape;
  /** Period in ms; a month counts as its mean length. */
  readonly everyMs: number;
  cellOf(timeMs: number): number;
  /** The step's time, as it is written. */
  labelMs(cell: number): number;
  /** First instant that belongs to the cell. */
  startMs(cell: number): number;
}

export const MONTH_MS = 30.4375 * 86_400_000;

/** Cells begin at their labels: k · every. For steps that put several samples together. */
export function binGrid(everyMs: number): Grid {
  return {
    shape: { kind: 'bin', everyMs },
    everyMs,
    cellOf: (timeMs) => Math.floor(timeMs / everyMs),
    labelMs: (cell) => cell * everyMs,
    startMs: (cell) => cell * everyMs,
  };
}

/**
 * Cells are centred on their labels, phase + k · every, so that a sample that comes a little early
 * or late stays in its own cell. For one sample a step.
 */
export function centredGrid(everyMs: number, phaseMs: number): Grid {
  return {
    shape: { kind: 'centred', everyMs, phaseMs },
    everyMs,
    cellOf: (timeMs) => Math.floor((timeMs - phaseMs) / everyMs + 0.5),
    labelMs: (cell) => phaseMs + cell * everyMs,
    startMs: (cell) => phaseMs + (cell - 0.5) * everyMs,
  };
}

/** Calendar months in UTC, `months` at a time; labels are first days. */
export function monthGrid(months: number): Grid {
  const labelMs = (cell: number): number => {
    const month = cell * months;
    const date = new Date(0);
    date.setUTCFullYear(1970 + Math.floor(month / 12), month - 12 * Math.floor(month / 12), 1);
    return date.getTime();
  };
  return {
    shape: { kind: 'month', months },
    everyMs: months * MONTH_MS,
    cellOf: (timeMs) => {
      const date = new Date(timeMs);
      const month = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
      return Math.floor(month / months);
    },
    labelMs,
    startMs: labelMs,
  };
}

const KINDS = ['bin', 'centred', 'month'] as const;

export function saveGrid({ shape }: Grid, out: ByteWriter): void {
  out.number(KINDS.indexOf(shape.kind));
  out.number(shape.kind === 'month' ? shape.months : shape.everyMs);
  out.number(shape.kind === 'centred' ? shape.phaseMs : 0);
}

/** @throws Error when the bytes name no grid */
export function loadGrid(from: ByteReader): Grid {
  const kind = from.number();
  const period = from.number();
  const phaseMs = from.number();
  if (!(period > 0)) throw new Error(`saved grid: damaged, its period is ${period}`);
  switch (KINDS[kind]) {
    case 'bin':
      return binGrid(period);
    case 'centred':
      return centredGrid(period, phaseMs);
    case 'month':
      return monthGrid(period);
    default:
      throw new Error(`saved grid: damaged, its kind is ${kind}`);
  }
}
