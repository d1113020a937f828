import type { MqttSourceConfig } from '../config/schema.ts';
import type { Failure } from './mqtt-failure.ts';
import type { ProtocolVersion } from './mqtt-options.ts';

/** Some brokers do not refuse MQTT 5, they just hang up. */
const HANG_UPS_BEFORE_FALLBACK = 2;

/**
 * Which MQTT version is spoken: 5, and where that fails the other one. After hanging up both are
 * tried in turn: the broker may just be starting.
 */
export class ProtocolChoice {
  readonly #isAuto: boolean;
  #version: ProtocolVersion;
  #hangUps = 0;

  constructor(protocol: MqttSourceConfig['protocol']) {
    this.#isAuto = protocol === 'auto';
    this.#version = protocol === '3.1.1' ? 4 : 5;
  }

  get version(): ProtocolVersion {
    return this.#version;
  }

  connected(): void {
    this.#hangUps = 0;
  }

  /** Whether the failure is a reason to speak the other version; it is the one from then on. */
  changesAfter({ kind, hungUp }: Failure): boolean {
    if (!this.#isAuto) return false;
    const isRefused = kind === 'version' && this.#version === 5;
    const isHungUp = hungUp && ++this.#hangUps >= HANG_UPS_BEFORE_FALLBACK;
    if (!isRefused && !isHungUp) return false;
    this.#version = this.#version === 5 ? 4 : 5;
    this.#hangUps = 0;
    return true;
  }
}
