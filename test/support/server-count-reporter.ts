import type { Reporter, TestModule } from 'vitest/node';

/** Says at the end how many tests there were, and how many of them on real servers. */
export default class ServerCountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    let onServers = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'pending') continue;
        count[state]++;
        if (/\/test\/(integration|faults|docs)\//.test(module.moduleId)) onServers++;
      }
    }
    console.log(`${onServers} of these tests ran on a real Mosquitto, a real InfluxDB or both.`);
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
