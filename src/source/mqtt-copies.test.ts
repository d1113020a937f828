import type { IPublishPacket } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { MqttCopies } from './mqtt-copies.ts';

/** `topic payload id`, without an id as MQTT 3.1.1 has it; in their order. */
function copiesOf(...packets: readonly string[]): string[] {
  const copies = new MqttCopies();
  return packets.filter((text) => {
    const [topic = '', payload = '', ...ids] = text.split(' ');
    const subscriptionIdentifier = ids.length > 1 ? ids.map(Number) : Number(ids[0]);
    const packet = {
      topic,
      payload: Buffer.from(payload),
      retain: false,
      ...(ids.length > 0 && { properties: { subscriptionIdentifier } }),
    };
    return copies.isCopy(packet as unknown as IPublishPacket);
  });
}

describe('copies of one message by several subscriptions', () => {
  it('are known by another identifier', () => {
    expect(copiesOf('a 1 1', 'a 1 2', 'a 2 2', 'a 2 1')).toEqual(['a 1 2', 'a 2 1']);
    expect(copiesOf('a 1 1', 'a 1 2', 'a 1 3')).toEqual(['a 1 2', 'a 1 3']);
  });

  it('are not equal messages by the same one', () => {
    expect(copiesOf('a 1 1', 'a 1 1', 'a 1', 'a 1')).toEqual([]);
    expect(copiesOf('a 1 1', 'a 1 2', 'a 1 1', 'a 1 2')).toEqual(['a 1 2', 'a 1 2']);
    expect(copiesOf('a 1 1', 'b 1 2', 'a 2 1', 'a 3 2')).toEqual([]);
    expect(copiesOf('a 1 1 2', 'a 1 1 2')).toEqual([]);
  });
});
