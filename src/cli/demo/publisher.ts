import mqtt from 'mqtt';
import { VitalSigns } from './vital-signs.ts';

export const DEMO_TOPIC = 'demo/machine';
const PERIOD_MS = 200;

/** An ordinary MQTT client that publishes this machine's vital signs at 5 Hz. */
export async function startPublisher(url: string): Promise<{ stop(): Promise<void> }> {
  const client = await mqtt.connectAsync(url, { clientId: 'demo-sensor' });
  const signs = new VitalSigns();
  const timer = setInterval(() => {
    const message = JSON.stringify({ time: Date.now(), ...signs.read() });
    // A failed publication shows as a gap, which is what it is.
    client.publish(DEMO_TOPIC, message, { qos: 1 }, () => {});
  }, PERIOD_MS);
  return {
    async stop() {
      clearInterval(timer);
      signs.close();
      await client.endAsync();
    },
  };
}
