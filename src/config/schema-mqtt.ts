import { z } from 'zod';
import { duration } from './duration.ts';
import { count, text } from './kinds.ts';
import { rule } from './rule.ts';

const announcedStream = z.strictObject({
  name: text.describe('Name of the stream (its topic filter, where it has no name).'),
  unit: text.optional().describe('Unit of its values, as Home Assistant writes it: `°C`.'),
  device_class: z
    .string()
    .regex(/^[a-z0-9_]+$/)
    .optional()
    .describe('Home Assistant’s class of a sensor: `temperature`; it wants a unit that fits.'),
});

const homeAssistant = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Announce series to Home Assistant, one device each; false takes back what was.'),
    prefix: text
      .regex(/^[^+#\s]+$/)
      .default('homeassistant')
      .describe('Home Assistant’s discovery prefix.'),
    streams: z
      .array(announcedStream)
      .min(1)
      .optional()
      .describe('Which streams, and what their values are; default: all of them.'),
    devices_max: count
      .max(10_000)
      .default(100)
      .describe('Most series that are announced; the first to appear come first.'),
  })
  .check(
    rule(['streams'], ({ streams = [] }, fault) => {
      for (const [i, { name }] of streams.entries()) {
        const twin = streams.findIndex((other) => other.name === name);
        if (twin < i) fault(['streams', i, 'name'], `"${name}" is named twice; remove one`);
      }
    }),
  );

/** What the daemon says of itself on MQTT beside its forecasts, and what can be asked of it. */
export const mqtt = z.strictObject({
  health_every: duration
    .prefault('30s')
    .describe('How often `<base>/health` is published; 0s: never.'),
  requests: z
    .enum(['none', 'read', 'all'])
    .default('none')
    .describe(
      'What is answered on `<base>/request/…`: nothing; list, inspect and health; or pause, resume, forget and snapshot too. Whoever may publish there can ask.',
    ),
  home_assistant: homeAssistant.prefault({}).describe('MQTT discovery of Home Assistant.'),
});
