import { formatDuration } from '../../config/duration.ts';
import type { ChannelView, ForecastView, LeadReport } from '../../observe/learned-view.ts';
import { formatNumber, formatTable } from '../../observe/table.ts';
import { ageText, bytesText, numberText, percentText, timeText } from './cells.ts';
import type { SeriesState } from './series-state.ts';

/** Experts with less weight are left out. */
const WEIGHT_MIN = 0.005;

/** As people read it. */
export function seriesStateText(state: SeriesState, nowMs: number): string {
  const channels = state.learned.channels.flatMap((channel) => channelText(channel));
  const damaged = state.damaged.map((text) => `damaged: ${text}`);
  return `${[aboutText(state, nowMs), ...channels, ...damaged].join('\n\n')}\n`;
}

function aboutText(
  { series, stream, members, state, samplesSince, learned }: SeriesState,
  nowMs: number,
): string {
  const saved = state
    ? `${ageText(nowMs - state.savedMs)} ago, at entry ${state.offset}, ${bytesText(state.bytes)}`
    : 'not yet';
  const lines = [
    `series     ${series} (stream ${stream})`,
    `saved      ${saved}; ${samplesSince} samples since, applied here`,
    `last step  ${learned.newestMs === null ? '–' : timeText(learned.newestMs)}`,
  ];
  if (members.length > 1) lines.push(`together   ${members.join(', ')}`);
  return lines.join('\n');
}

function channelText(channel: ChannelView): string[] {
  const { series, everyMs, newestMs, watermarkMs, samples, forecast } = channel;
  const { learned, duplicate, late, invalid, filtered, pending } = samples;
  const time = (ms: number | null): string => (ms === null ? '–' : timeText(ms));
  const lines = [
    `${series}`,
    `  grid     ${everyMs === null ? 'not known yet' : `a step each ${formatDuration(everyMs)}`}`,
    `  samples  ${learned} learned, ${duplicate} duplicate, ${late} late, ${invalid} invalid, ` +
      `${filtered} filtered, ${pending} held`,
    `  newest   ${time(newestMs)}; steps are closed up to ${time(watermarkMs)}`,
  ];
  if (!forecast) return [[...lines, '  no forecast yet'].join('\n')];
  const { seasons, putAside } = forecast;
  lines.push(`  seasons  ${seasons.length > 0 ? `${seasons.join(', ')} steps` : 'none'}`);
  if (putAside) {
    lines.push(`  refused  ${putAside} of the experts’ forecasts, as no credible numbers`);
  }
  return [lines.join('\n'), leadsText(forecast), expertsText(forecast), ...networkText(forecast)];
}

function leadsText({ leads }: ForecastView): string {
  const levels = leads[0]?.intervals ?? [];
  const header = ['  lead', 'scored', 'skill', 'forecast'];
  for (const { nominal } of levels) header.push(`${percentText(nominal)} covered`, 'width');
  return formatTable(header, leads.map(leadRow));
}

function leadRow({ lead, scored, skill, mean, intervals }: LeadReport): string[] {
  const bands = intervals.flatMap(({ coverage, lower, upper }) => {
    const width = lower === null || upper === null ? null : upper - lower;
    return [percentText(coverage), number(width)];
  });
  return [`  ${lead}`, numberText(scored), number(skill), number(mean), ...bands];
}

function expertsText({ leads }: ForecastView): string {
  const names = leads.flatMap(({ experts }) => {
    return experts.filter(({ weight }) => weight >= WEIGHT_MIN).map(({ expert }) => expert);
  });
  const header = ['  weight of', ...leads.map(({ lead }) => `lead ${lead}`)];
  const rows = [...new Set(names)].map((name) => [
    `  ${name}`,
    ...leads.map(({ experts }) => {
      return percentText(experts.find(({ expert }) => expert === name)?.weight ?? null);
    }),
  ]);
  return formatTable(header, rows);
}

function networkText({ network }: ForecastView): string[] {
  if (!network) return [];
  const { cell, layers, hidden, inputs, outputs, windowSteps, weights, updates } = network;
  const lines = [
    `  network    ${cell}, ${layers} × ${hidden} units, ${inputs} inputs, ${outputs} outputs, ` +
      `${weights} weights, window ${windowSteps} steps`,
    `  updates    ${updates} done, ${network.skipped} skipped; mean loss ${number(network.loss)}`,
    `  gradients  norm ${number(network.gradNorm)}, after clipping ${number(network.clippedNorm)}; ` +
      `${percentText(network.clippedShare)} of them clipped`,
    `  reach      ${number(network.gradientReach)}: gradient at the window’s first step ÷ at its last ` +
      '(far below 1 vanishing, far above exploding)',
  ];
  const blocks = network.blocks.map(({ name, count, norm, largest }) => {
    return [`  ${name}`, `${count}`, number(norm), number(largest)];
  });
  return [lines.join('\n'), formatTable(['  weights', 'count', 'norm', 'largest'], blocks)];
}

function number(value: number | null): string {
  return formatNumber(value ?? Number.NaN);
}
