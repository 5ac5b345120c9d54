import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

const ISOLATED = 'test/**/*.isolated.spec.ts';
const SLOW = 'test/**/*.slow.spec.ts';
/** In a browser. */
const BROWSER = 'test/**/*.browser.spec.ts';
/** Runs in hosts outside the repository. */
const HOSTS = 'test/hosts/**';

export default defineConfig({
  test: {
    // Much of the suite waits for servers and leases.
    maxWorkers: availableParallelism() + 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.spec.ts'],
          exclude: [ISOLATED, SLOW, BROWSER, HOSTS],
          globalSetup: ['test/support/report-absent-services.ts', 'test/support/test-run.ts'],
          // Files of a worker share what they import: half of the time would be Nest and TypeORM.
          isolate: false,
        },
      },
      {
        extends: true,
        // Those that put something in the place of a module.
        test: { name: 'isolated', include: [ISOLATED] },
      },
      {
        extends: true,
        // The console in Chromium.
        test: {
          name: 'console',
          include: [BROWSER],
          globalSetup: ['test/support/build-console.ts'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        // What is slow by nature: programs as processes, the tutorial, benchmarks, hostile processes, histories of sessions.
        test: { name: 'slow', include: [SLOW], globalSetup: ['test/support/build-once.ts'] },
      },
    ],
  },
});
