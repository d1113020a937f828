import type { IPublishPacket } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { DELIVERIES_MAX, MqttDeliveries } from './mqtt-deliveries.ts';

function packet(messageId: number, payload: string, dup = true, topic = 'a'): IPublishPacket {
  return {
    cmd: 'publish',
    messageId,
    topic,
    payload: Buffer.from(payload),
    dup,
    qos: 1,
    retain: false,
  };
}

describe('MqttDeliveries', () => {
  it('knows what comes again by id, topic and payload', () => {
    const deliveries = new MqttDeliveries();
    expect(deliveries.take(packet(7, 'x', false)).repeated).toBe(false);
    expect(deliveries.take(packet(7, 'x')).repeated).toBe(true);
    expect(deliveries.take(packet(7, 'x')).repeated).toBe(true);
    expect(deliveries.take(packet(8, 'x')).repeated).toBe(false);
    expect(deliveries.take(packet(8, 'y')).repeated).toBe(false);
    expect(deliveries.take(packet(8, 'y', true, 'b')).repeated).toBe(false);
  });

  it('does not confuse the end of a topic with the start of a payload', () => {
    const deliveries = new MqttDeliveries();
    deliveries.take(packet(1, 'c', false, 'ab'));
    expect(deliveries.take(packet(1, 'bc', true, 'a')).repeated).toBe(false);
  });

  it('takes what is not marked as new, and remembers it from then on', () => {
    const deliveries = new MqttDeliveries();
    deliveries.take(packet(7, 'x', false));
    expect(deliveries.take(packet(7, 'x', false)).repeated).toBe(false);
    deliveries.take(packet(7, 'y', false));
    expect(deliveries.take(packet(7, 'x')).repeated).toBe(false);
    expect(deliveries.take(packet(7, 'x')).repeated).toBe(true);
  });

  it('forgets everything with a new session, and counts sessions', () => {
    const deliveries = new MqttDeliveries();
    deliveries.beginSession();
    expect(deliveries.take(packet(7, 'x', false)).delivery.session).toBe(1);
    deliveries.beginSession();
    expect(deliveries.take(packet(7, 'x'))).toMatchObject({
      repeated: false,
      delivery: { session: 2, packetId: 7 },
    });
  });

  it('forgets an id at PUBREL', () => {
    const deliveries = new MqttDeliveries();
    deliveries.take(packet(7, 'x', false));
    deliveries.take(packet(8, 'x', false));
    deliveries.release(7);
    deliveries.release(9);
    expect(deliveries.take(packet(7, 'x')).repeated).toBe(false);
    expect(deliveries.take(packet(8, 'x')).repeated).toBe(true);
  });

  it('remembers the newest 2,000, from the lowest to the highest id', () => {
    const deliveries = new MqttDeliveries();
    const oldest = 65_000;
    const id = (i: number): number => ((oldest + i - 1) % 65_535) + 1;
    for (let i = 0; i <= DELIVERIES_MAX; i++) deliveries.take(packet(id(i), 'x', false));
    expect(id(DELIVERIES_MAX)).toBeLessThan(oldest);
    // Each of them counts as a delivery itself, and pushes the next one out.
    expect(deliveries.take(packet(id(1), 'x')).repeated).toBe(true);
    expect(deliveries.take(packet(id(DELIVERIES_MAX), 'x')).repeated).toBe(true);
    expect(deliveries.take(packet(oldest, 'x')).repeated).toBe(false);
    expect(deliveries.take(packet(65_535, 'x')).repeated).toBe(true);
  });

  it('goes on with the last session of an earlier process', () => {
    const earlier = new MqttDeliveries();
    earlier.beginSession();
    const old = earlier.take(packet(1, 'old', false)).delivery;
    earlier.beginSession();
    const kept = [2, 3].map((id) => earlier.take(packet(id, `${id}`, false)).delivery);

    const deliveries = new MqttDeliveries();
    deliveries.restore([old, ...kept]);
    expect(deliveries.take(packet(1, 'old')).repeated).toBe(false);
    expect(deliveries.take(packet(2, '2'))).toEqual({ delivery: kept[0], repeated: true });
    expect(deliveries.take(packet(3, 'other')).repeated).toBe(false);
    deliveries.beginSession();
    expect(deliveries.take(packet(2, '2'))).toMatchObject({
      repeated: false,
      delivery: { session: 3 },
    });
  });

  it('starts without an earlier process too', () => {
    const deliveries = new MqttDeliveries();
    deliveries.restore([]);
    expect(deliveries.take(packet(1, 'x'))).toMatchObject({
      repeated: false,
      delivery: { session: 0 },
    });
  });
});
