import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.spec.ts'],
    globalSetup: ['test/support/report-absent-services.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
