import type { Config } from '../config/schema.ts';
import type { OutboxLimits } from '../store/outbox.ts';

const MIB = 2 ** 20;

export function outboxLimits(config: Config['outbox']): OutboxLimits {
  const { points_max: pointsMax, disk_mib, age_max: ageMsMax, when_full: whenFull } = config;
  return { pointsMax, bytesMax: disk_mib * MIB, ageMsMax, whenFull };
}
