/**
 * Random histories of two processes and one database against the state machine of delivery rows: the
 * real statements on SQLite, the real store and ledger, and after every step what must be true.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { DeliveryHistory, type Outcome, type Step } from './delivery-history.js';
import { DeliveryTable } from './delivery-table.js';

const { setTimeout: sleep } = timers;

/** How many are played: enough for a change, and as many as wanted, such as `HISTORIES=100000`. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 400);
const PARTS = 4;
const TIMEOUT_MS = 60_000 + HISTORIES * 20;

const node = fc.nat({ max: 1 });
const at = fc.nat({ max: 5 });
const content = fc.nat({ max: 3 });
/** True one time in six. */
const seldom = fc.nat({ max: 5 }).map((n) => n === 0);
const outcome = fc.constantFrom<Outcome>('done', 'failed', 'none');
const step = (name: Step['do'], fields: object, weight: number) => ({
  arbitrary: fc.record({ do: fc.constant(name), ...fields }) as unknown as fc.Arbitrary<Step>,
  weight,
});

const steps = fc.array(
  fc.oneof(
    step(
      'receive',
      {
        node,
        contents: fc.array(content, { minLength: 1, maxLength: 2 }),
        hasRoom: seldom.map((isFull) => !isFull),
        isLost: seldom,
      },
      6,
    ),
    step(
      'poll',
      { node, only: fc.integer({ min: -3, max: 2 }), isLost: seldom, isRaced: seldom },
      5,
    ),
    step('renew', { node }, 1),
    step('run', { node, at, outcome }, 6),
    step('finish', { node, at, outcome }, 2),
    step('stale', { at, call: fc.constantFrom('claim', 'begin', 'settle', 'renew', 'release') }, 2),
    step('crash', { node }, 1),
    step('stop', { node }, 1),
    step('wait', { ms: fc.constantFrom(1_000, 3_000, 7_500, 9_000, 21_000) }, 4),
    step('set clock', { node, ms: fc.integer({ min: -30_000, max: 30_000 }) }, 1),
    step('set database clock', { ms: fc.constantFrom(1_000, 10_000) }, 1),
    step('replay', { content }, 2),
  ),
  { minLength: 1, maxLength: 16, size: 'max' },
);

describe('deliveries keep their promises', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
    // The deadline of a store is real time, of which a history knows nothing: a machine that stands
    // still for a while must not change what comes of it.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // A history knows nothing of real time: the pace of the batches would only make it long.
    timers.setTimeout = () => timers.setImmediate();
    syncBuiltinESMExports();
  });

  afterAll(() => {
    vi.useRealTimers();
    Object.assign(timers, { setTimeout: sleep });
    syncBuiltinESMExports();
  });

  it.each(Array.from({ length: PARTS }, (_, part) => part + 1))(
    `in ${HISTORIES / PARTS} random histories, part %i of ${PARTS}`,
    { timeout: TIMEOUT_MS },
    async () => {
      // One of its own: a part that is ended by its time goes on for a while.
      const table = await DeliveryTable.open();
      const property = fc.asyncProperty(steps, (history) =>
        new DeliveryHistory(table).play(history),
      );
      const playing = fc.assert(property, { numRuns: HISTORIES / PARTS });
      await expect(playing).resolves.toBeUndefined();
      await table.close();
    },
  );
});
