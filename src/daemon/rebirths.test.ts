import { BinaryReader } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { readPayload } from '../decode/sparkplug-payload.ts';
import { Rebirths } from './rebirths.ts';

function setUp() {
  const sent: [topic: string, payload: Uint8Array][] = [];
  const told: string[] = [];
  const state = { now: 0, connected: true };
  const rebirths = new Rebirths({
    publish: (topic, payload) => {
      if (state.connected) sent.push([topic, payload]);
      return state.connected;
    },
    onAsked: (detail) => told.push(detail),
    clock: () => state.now,
    nowMs: () => 1_700_000_000_000,
  });
  const ask = (node: string, atMs: number): boolean => {
    state.now = atMs;
    return rebirths.ask({ kind: 'birth_due', group: 'G', node, detail: 'why' });
  };
  return { ask, sent, told, state };
}

describe('Rebirths', () => {
  it('asks as the specification has it', () => {
    const { ask, sent, told } = setUp();
    expect(ask('N', 0)).toBe(true);
    const [topic, payload] = sent[0]!;
    expect(topic).toBe('spBv1.0/G/NCMD/N');
    expect(readPayload(payload)).toEqual({
      timestamp: 1_700_000_000_000,
      seq: undefined,
      metrics: [
        {
          name: 'Node Control/Rebirth',
          timestamp: 1_700_000_000_000,
          datatype: 11,
          value: { kind: 'boolean', value: true },
        },
      ],
    });
    // The first byte: field 1 as a varint.
    expect(new BinaryReader(payload).tag()).toEqual([1, 0]);
    expect(told).toEqual(['G/N is asked for a rebirth: why']);
  });

  it('asks a node that does not answer ever more rarely', () => {
    const { ask, sent } = setUp();
    const asked = [];
    for (let at = 0; at < 3_600_000; at += 1_000) if (ask('N', at)) asked.push(at / 1_000);
    expect(asked).toEqual([0, 30, 90, 210, 450, 930, 1_530, 2_130, 2_730, 3_330]);
    expect(sent).toHaveLength(asked.length);
    // Trouble of another day.
    expect(ask('N', 86_400_000)).toBe(true);
    expect(ask('N', 86_430_000)).toBe(true);
  });

  it('asks a fleet one by one', () => {
    const { ask } = setUp();
    expect(['A', 'B', 'C'].map((node) => ask(node, 0))).toEqual([true, false, false]);
    expect(['B', 'C'].map((node) => ask(node, 50))).toEqual([true, false]);
    expect(ask('C', 100)).toBe(true);
  });

  it('asks again where it could not be sent', () => {
    const { ask, sent, state } = setUp();
    state.connected = false;
    expect(ask('N', 0)).toBe(false);
    state.connected = true;
    expect(ask('N', 0)).toBe(true);
    expect(sent).toHaveLength(1);
  });
});
