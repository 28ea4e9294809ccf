import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The default of 1 s is short for a machine that drives a browser beside it.
    expect: { poll: { timeout: 30_000 } },
    restoreMocks: true,
  },
});
