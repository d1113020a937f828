import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // The tests run from source, but the kernel has to be compiled.
    globalSetup: ['scripts/build-kernel.mjs', 'test/support/temporary-folder.ts'],
    reporters: ['default', './test/support/server-count-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make the server tests wait for each other.
    maxWorkers: 2,
  },
});
