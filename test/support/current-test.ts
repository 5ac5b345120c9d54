import { AsyncLocalStorage } from 'node:async_hooks';

import { afterAll, aroundEach, onTestFinished as ofTheOnlyTest, type TestContext } from 'vitest';

const currentTest = new AsyncLocalStorage<TestContext>();

/** To be called in a suite whose tests run side by side, where the hooks of vitest do not know which one calls. */
export function tellTestsApart(): void {
  aroundEach((runTest, context) => currentTest.run(context, runTest));
  // It makes every promise of the process slower.
  afterAll(() => currentTest.disable());
}

/** Calls back when the running test is over, the last one first. */
export function onTestFinished(end: () => unknown): void {
  const handler = async () => void (await end());
  const test = currentTest.getStore();
  if (test) test.onTestFinished(handler);
  else ofTheOnlyTest(handler);
}
