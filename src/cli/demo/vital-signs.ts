import { readFileSync } from 'node:fs';
import os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** One reading: what this machine can tell, by name. A sign it does not give is left out. */
export type Reading = Readonly<Record<string, number>>;

type CpuTimes = readonly { busy: number; total: number }[];

/** Reads the machine's vital signs; rates are since the reading before. */
export class VitalSigns {
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #cpus = cpuTimes();
  #network = networkBytes();
  #readMs = performance.now();

  constructor() {
    this.#delay.enable();
  }

  read(): Reading {
    const reading: Record<string, number> = {};
    const nowMs = performance.now();
    const seconds = Math.max((nowMs - this.#readMs) / 1000, 1e-3);
    this.#readMs = nowMs;

    const cpus = cpuTimes();
    cpus.forEach((cpu, i) => {
      const before = this.#cpus[i];
      const total = before ? cpu.total - before.total : 0;
      if (before && total > 0)
        reading[`cpu${i}_percent`] = (100 * (cpu.busy - before.busy)) / total;
    });
    this.#cpus = cpus;

    reading.memory_percent = 100 * (1 - os.freemem() / os.totalmem());
    // Windows has no load average and says 0 for ever.
    if (process.platform !== 'win32') reading.load_1m = os.loadavg()[0]!;

    const network = networkBytes();
    if (network && this.#network) {
      reading.rx_bytes_s = (network.rx - this.#network.rx) / seconds;
      reading.tx_bytes_s = (network.tx - this.#network.tx) / seconds;
    }
    this.#network = network;

    if (this.#delay.count > 0) reading.event_loop_delay_ms = this.#delay.mean / 1e6;
    this.#delay.reset();
    return reading;
  }

  close(): void {
    this.#delay.disable();
  }
}

function cpuTimes(): CpuTimes {
  return os.cpus().map(({ times }) => {
    const busy = times.user + times.nice + times.sys + times.irq;
    return { busy, total: busy + times.idle };
  });
}

/** Bytes over all interfaces, from /proc/net/dev (loopback included: the demo's own traffic). */
function networkBytes(): { rx: number; tx: number } | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/net/dev', 'utf8');
  } catch {
    return undefined; // not Linux
  }
  let rx = 0;
  let tx = 0;
  for (const line of text.split('\n').slice(2)) {
    const cells = line.split(':')[1]?.trim().split(/\s+/).map(Number);
    if (!cells || cells.length < 9) continue;
    rx += cells[0]!;
    tx += cells[8]!;
  }
  return { rx, tx };
}
