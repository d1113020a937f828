/**
 * Sparkplug B 3.0: births tell names, aliases and datatypes of a node or device, data bring values by
 * alias or name. What births have told is remembered here; where data come without, or messages of a
 * node are missing, that is told, so that the node can be asked for a rebirth.
 */
import type { Message } from '../source/source.ts';
import type { FieldSink, Origin, PayloadDecoder, Rejection } from './decoder.ts';
import { EMPTY, excerpt, invalid } from './number-text.ts';
import { Unread } from './opaque.ts';
import { Refusal } from './refusal.ts';
import type { DecodeSettings } from './settings.ts';
import { Births, type Definition, nodeName, type Place } from './sparkplug-births.ts';
import { type Metric, type Payload, readPayload } from './sparkplug-payload.ts';
import { sampleValue, sparkplugValue } from './sparkplug-value.ts';
import { sizeFault } from './text.ts';
import { checkTimeMs } from './time.ts';
import { VALUE_READERS, type ValueReader } from './values.ts';

const NAMESPACE = 'spBv1.0';
const NODE_TYPES = ['NBIRTH', 'NDATA', 'NDEATH'];
const DEVICE_TYPES = ['DBIRTH', 'DDATA', 'DDEATH'];
const COMMANDS = ['NCMD', 'DCMD'];
const SEQ_MAX = 255;
/** Settings of the protocol itself, and what a host writes to. */
const CONTROL = /^(?:bdSeq$|Node Control\/|Device Control\/)/;

interface Address extends Place {
  readonly type: string;
}

export function createSparkplugDecoder(settings: DecodeSettings): PayloadDecoder {
  return new SparkplugDecoder(settings);
}

class SparkplugDecoder implements PayloadDecoder {
  readonly #births = new Births();
  readonly #reader: ValueReader;
  readonly #fields: '*' | ReadonlySet<string>;
  readonly #receiveTime: boolean;

  constructor({ kind, values, time }: DecodeSettings) {
    this.#reader = VALUE_READERS[kind];
    this.#fields = values === '*' ? '*' : new Set(values);
    this.#receiveTime = time.kind === 'receive';
  }

  decode({ topic, payload: bytes }: Message, sink: FieldSink): void {
    const address = addressOf(topic);
    if ('reason' in address) return sink.reject(undefined, address);
    const payload = read(bytes);
    if ('reason' in payload) return sink.reject(undefined, payload);
    this.#checkSeq(address, payload, sink);
    const isBirth = address.type.endsWith('BIRTH');
    if (address.type.endsWith('DEATH')) {
      this.#births.died(address, payload.metrics);
      return sink.reject(undefined, filtered('death', 'it says who has gone, and has no values'));
    }
    const fault = isBirth ? this.#births.born(address, payload.metrics) : undefined;
    if (fault) return sink.reject(undefined, fault);
    this.#values(address, payload, isBirth, sink);
  }

  #checkSeq(address: Address, { seq }: Payload, sink: FieldSink): void {
    const { group, node, type } = address;
    if (type === 'NDEATH') return;
    if (type === 'NBIRTH') this.#births.restart(address);
    const missing = isSeq(seq) ? this.#births.missing(address, seq) : 0;
    const name = nodeName(address);
    if (missing > 0) {
      const detail = `${name}: ${missing} before seq ${seq} (modulo 256) did not come`;
      sink.tell({ kind: 'gap', group, node, detail });
    }
    if (!this.#births.isDoubtful(address)) return;
    const detail = `messages of ${name} are missing; one may have been a birth`;
    sink.tell({ kind: 'birth_due', group, node, detail });
  }

  #values(address: Address, payload: Payload, isBirth: boolean, sink: FieldSink): void {
    const { group, node, device } = address;
    const key = device === undefined ? nodeName(address) : `${nodeName(address)}/${device}`;
    let isEmpty = true;
    let unborn: Rejection | undefined;
    for (const metric of payload.metrics) {
      const definition = isBirth ? definitionIn(metric) : this.#births.find(address, metric);
      if (!definition) {
        unborn = isBirth ? UNNAMED : noBirth(key, metric);
        sink.reject(metric.name, unborn);
      } else if (this.#takes(definition)) {
        const timestamp = metric.timestamp ?? payload.timestamp;
        this.#value(definition, { ...metric, timestamp }, { key }, sink);
      } else continue;
      isEmpty = false;
    }
    if (isEmpty) sink.reject(undefined, NOTHING);
    if (unborn && !isBirth) sink.tell({ kind: 'birth_due', group, node, detail: unborn.detail });
  }

  /** By name and datatype, so that it holds for null, too. What is no value is told under `*`, too. */
  #takes({ name, datatype }: Definition): boolean {
    if (CONTROL.test(name)) return false;
    if (this.#fields !== '*') return this.#fields.has(name);
    const sample = sampleValue(datatype);
    return sample instanceof Unread || this.#reader.wants(sample);
  }

  #value({ name, datatype }: Definition, metric: Metric, origin: Origin, sink: FieldSink): void {
    if (metric.isTransient) return sink.reject(name, TRANSIENT);
    if (metric.isNull || !metric.value) return sink.reject(name, EMPTY);
    const value = sparkplugValue(metric.value, datatype);
    if (value instanceof Unread) {
      return sink.reject(name, invalid('not_read', `${value.what} is not read`));
    }
    const isFault = typeof value === 'object' && 'reason' in value;
    const read = isFault ? value : this.#reader.read(value);
    if (typeof read === 'object') return sink.reject(name, read);
    if (this.#receiveTime || metric.timestamp === undefined) {
      return sink.sample(name, undefined, read, origin);
    }
    const timeMs = checkTimeMs(metric.timestamp);
    if (timeMs !== undefined) return sink.sample(name, timeMs, read, origin);
    sink.reject(name, invalid('bad_time', `${metric.timestamp} ms is no time`));
  }
}

function addressOf(topic: string): Address | Rejection {
  const [namespace, group, type, node, device, ...rest] = topic.split('/');
  if (namespace === NAMESPACE && group === 'STATE') {
    return filtered('state', 'it says whether a host application is there');
  }
  if (namespace === NAMESPACE && group && type && node && rest.length === 0) {
    if (COMMANDS.includes(type)) return filtered('command', 'it is for a node, not from one');
    const types = device === undefined ? NODE_TYPES : DEVICE_TYPES;
    if (device !== '' && types.includes(type)) return { group, type, node, device };
  }
  const detail = `topic ${excerpt(topic)} is not ${NAMESPACE}/GROUP/TYPE/NODE or …/DEVICE`;
  return invalid('bad_topic', detail);
}

function isSeq(seq: number | undefined): seq is number {
  return seq !== undefined && seq <= SEQ_MAX;
}

function read(bytes: Uint8Array): Payload | Rejection {
  const fault = sizeFault(bytes);
  if (fault) return fault;
  try {
    return readPayload(bytes);
  } catch (error) {
    return Refusal.of(error, 'not_sparkplug', 'the payload is not Sparkplug B');
  }
}

function definitionIn({ name, datatype }: Metric): Definition | undefined {
  if (name === undefined || datatype === undefined) return undefined;
  return { name, datatype };
}

function noBirth(key: string, { name, alias }: Metric): Rejection {
  const metric = alias === undefined ? `metric ${excerpt(name ?? '')}` : `alias ${alias}`;
  const detail = `${metric} of ${key} is in no birth that has come; its data are taken after the next one`;
  return invalid('no_birth', detail);
}

function filtered(reason: string, detail: string): Rejection {
  return { verdict: 'filtered', reason, detail };
}

const UNNAMED = invalid('bad_metric', 'a metric of a birth needs a name and a datatype');
const TRANSIENT = filtered('transient', 'its sender says that it is not to be kept');
const NOTHING = filtered('no_field', 'none of the metrics that are taken');
