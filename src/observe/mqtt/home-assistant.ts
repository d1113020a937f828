/**
 * Discovery messages of Home Assistant: one a series, a device with its entities
 * (https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload, 2025). All entities
 * read the forecast message (sink/mqtt-message.ts); none needs a message of its own.
 */
import { createHash } from 'node:crypto';
import { discoveryNode, statusTopic } from '../../config/own-topics.ts';
import type { HomeAssistantConfig, StreamConfig } from '../../config/schema.ts';
import { streamName } from '../../config/stream-name.ts';
import { forecastTopic } from '../../sink/mqtt-message.ts';
import type { SeriesSummary } from '../monitor.ts';

const ID_CHARS_MAX = 40;
/** Home Assistant’s database takes no larger attributes. */
const ATTRIBUTE_BYTES_MAX = 16_384;
/** A number with its comma; a time. */
const NUMBER_BYTES = 21;
const TIME_BYTES = 28;

export interface Announced {
  readonly topic: string;
  readonly payload: string;
}

export interface AnnounceSettings {
  readonly base: string;
  readonly version: string;
  readonly prefix: string;
  readonly stream: StreamConfig;
  /** What the configuration says of the stream’s values. */
  readonly about: Partial<NonNullable<HomeAssistantConfig['streams']>[number]>;
}

/** An entity, under the key that its unique id ends with. */
interface Entity {
  readonly key: string;
  readonly name: string;
  readonly template: string;
  /** Of the quantity that is forecast, and not of one of ours. */
  readonly isQuantity?: boolean;
  readonly more?: object;
}

const MEASUREMENT = { state_class: 'measurement', entity_category: 'diagnostic' };
/** What a message does not tell stays as it was. */
const SKILL: Entity = {
  key: 'skill',
  name: 'Skill',
  template: "{{ value_json.skill | default('') }}",
  more: { ...MEASUREMENT, suggested_display_precision: 2, icon: 'mdi:bullseye-arrow' },
};

const OF_NUMBERS: readonly Entity[] = [
  { key: 'forecast', name: 'Forecast', template: '{{ value_json.mean[0] }}', isQuantity: true },
  { key: 'lower', name: 'Lower', template: '{{ value_json.lower[0] }}', isQuantity: true },
  { key: 'upper', name: 'Upper', template: '{{ value_json.upper[0] }}', isQuantity: true },
  {
    key: 'anomaly',
    name: 'Anomaly',
    template: "{{ value_json.anomaly | default('') }}",
    more: { state_class: 'measurement', suggested_display_precision: 2, icon: 'mdi:alert-outline' },
  },
  SKILL,
];

const LIKELIEST = "(value_json.symbols[0] | dictsort(false, 'value') | last)";
const OF_SYMBOLS: readonly Entity[] = [
  { key: 'forecast', name: 'Forecast', template: `{{ ${LIKELIEST}[0] }}` },
  {
    key: 'probability',
    name: 'Probability',
    template: `{{ ${LIKELIEST}[1] }}`,
    more: { state_class: 'measurement', suggested_display_precision: 2, icon: 'mdi:percent' },
  },
  SKILL,
];

/** Letters, digits and `_` alone; no two series of a broker share one, whatever their names. */
export function deviceId(base: string, series: string): string {
  const readable = series
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, ID_CHARS_MAX)
    .replaceAll(/^_+|_+$/g, '');
  const digest = createHash('sha256').update(`${base}\0${series}`).digest('hex').slice(0, 16);
  return readable === '' ? digest : `${readable}_${digest}`;
}

/** Where this daemon’s devices are announced; `device` `+`: all of them. */
export function discoveryTopic(prefix: string, base: string, device: string): string {
  return `${prefix}/device/${discoveryNode(base)}/${device}/config`;
}

export function announcement(
  { series, kind }: Pick<SeriesSummary, 'series' | 'kind'>,
  settings: AnnounceSettings,
): Announced {
  const { base, version, prefix, stream, about } = settings;
  const id = deviceId(base, series);
  const topic = forecastTopic(base, series);
  const quantity = {
    ...(about.unit !== undefined && { unit_of_measurement: about.unit }),
    ...(about.device_class !== undefined && { device_class: about.device_class }),
  };
  const entities = kind === 'symbol' ? OF_SYMBOLS : OF_NUMBERS;
  const components = entities.map(({ key, name, template, isQuantity, more }) => {
    const component = {
      p: 'sensor',
      unique_id: `foretide_${id}_${key}`,
      name,
      value_template: template,
      ...(isQuantity && quantity),
      ...more,
      ...(key === 'forecast' && fitsAttributes(stream, kind) && { json_attributes_topic: topic }),
    };
    return [key, component];
  });
  const message = {
    dev: {
      ids: [`foretide_${id}`],
      name: series,
      mf: 'Foretide',
      mdl: streamName(stream),
      sw: version,
    },
    o: { name: 'foretide', sw: version },
    cmps: Object.fromEntries(components),
    availability: [{ topic: statusTopic(base) }],
    state_topic: topic,
  };
  return { topic: discoveryTopic(prefix, base, id), payload: JSON.stringify(message) };
}

/** Whether the whole forecast of a stream is small enough to be attributes. */
export function fitsAttributes(
  { horizon, coverage, symbols_max: symbols }: StreamConfig,
  kind: SeriesSummary['kind'],
): boolean {
  const numbers = kind === 'symbol' ? 2 * (symbols + 1) : 1 + 2 * [coverage].flat().length;
  return horizon * (TIME_BYTES + numbers * NUMBER_BYTES) < ATTRIBUTE_BYTES_MAX;
}

/** The series and stream that an announcement of ours is of; undefined: it is none. */
export function announcedOf(
  payload: string,
): { readonly series: string; readonly stream: string } | undefined {
  try {
    const { dev, o } = JSON.parse(payload);
    if (o.name !== 'foretide' || typeof dev.name !== 'string') return undefined;
    return { series: dev.name, stream: String(dev.mdl) };
  } catch {
    return undefined;
  }
}
