import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/support/slow-first.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // The tests run from source, but the kernel has to be compiled.
    globalSetup: ['scripts/build-kernel.mjs', 'test/support/temporary-folder.ts'],
    reporters: ['default', './test/support/server-count-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    // Half of the tests wait for servers and daemons: two cores have room for a third worker.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
  },
});
