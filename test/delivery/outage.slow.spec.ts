/**
 * What listeners call is away for an hour, which passes in a minute: with the attempts that a listener has by
 * default, and with a circuit breaker, on two nodes.
 */
import { Injectable } from '@nestjs/common';
import { describe, expect, it, onTestFinished } from 'vitest';

import { TIME_SCALE, TimeScale } from '../../src/common/time-scale.js';
import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackDelivery,
  onLiveCallbackSignal,
  OnLiveEvent,
  type LiveCallbackSignals,
  type LiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

const SECONDS_OF_AN_HOUR = 60;
const HOUR_MS = 3_600_000;
const FACTOR = HOUR_MS / (SECONDS_OF_AN_HOUR * 1_000);
const STREAMS = 30;
const EVENTS_OF_EACH = 6;

/** What the listeners call. */
class Downstream {
  isAway = true;
  readonly got: Record<'plain' | 'guarded', LiveEvent<'stream-push'>[]> = {
    plain: [],
    guarded: [],
  };

  take(listener: 'plain' | 'guarded', event: LiveEvent<'stream-push'>): void {
    if (this.isAway) throw new Error('connect ECONNREFUSED');
    this.got[listener].push(event);
  }
}

function listenersOf(downstream: Downstream) {
  @Injectable()
  class Listeners {
    @OnLiveEvent('stream-push', { id: 'plain' })
    plain(event: LiveEvent<'stream-push'>): void {
      downstream.take('plain', event);
    }

    @OnLiveEvent('stream-push', { id: 'guarded', circuitBreaker: true })
    guarded(event: LiveEvent<'stream-push'>): void {
      downstream.take('guarded', event);
    }
  }
  return Listeners;
}

const servers = DATABASES.filter(({ name }) => name !== 'SQLite');

describe.each(servers)('two nodes on $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)(
    'lose nothing to an hour without what listeners call, and keep the order of each stream',
    async () => {
      const database = await scratchDatabase(create);
      const downstream = new Downstream();
      const alerts: LiveCallbackSignals['alert'][] = [];
      onTestFinished(onLiveCallbackSignal('alert', (alert) => alerts.push(alert)));
      const node = () =>
        scratchHost({
          database,
          options: { [TIME_SCALE]: scale },
          module: { providers: [listenersOf(downstream)] },
        });
      const scale = new TimeScale(FACTOR);
      const nodes = [await node(), await node()];
      for (let n = 0; n < STREAMS * EVENTS_OF_EACH; n++) {
        const callback = streamPushCallback({ stream_id: `room-${n % STREAMS}`, sequence: `${n}` });
        const { status } = await nodes[n % 2]!.send(signCallback(callback, { key: KEY }));
        expect(status).toBe(200);
        await new Promise((resolve) =>
          setTimeout(resolve, (SECONDS_OF_AN_HOUR * 1_000) / (STREAMS * EVENTS_OF_EACH)),
        );
      }
      downstream.isAway = false;
      const all = STREAMS * EVENTS_OF_EACH;
      for (const listener of ['plain', 'guarded'] as const) {
        await expect
          .poll(() => new Set(downstream.got[listener].map(({ id }) => id)).size, {
            timeout: 60_000,
          })
          .toBe(all);
        for (let room = 0; room < STREAMS; room++) {
          const own = downstream.got[listener].filter(
            ({ stream }) => stream.name === `room-${room}`,
          );
          // One that another node ran again, because this one was held up for longer than its lease, comes twice.
          const order = [...new Set(own.map(({ data }) => Number(data.sequence)))];
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
      }
      const tables = await scratchConnection({
        ...database,
        entities: [...LIVE_CALLBACK_ENTITIES],
      });
      const deliveries = tables.getRepository(LiveCallbackDelivery);
      await expect
        .poll(() => deliveries.countBy({ state: 'done' }), { timeout: 30_000 })
        .toBe(all * 2);
      expect(await deliveries.countBy({ state: 'dead' })).toBe(0);
      const breaker = alerts.filter(({ alert }) => alert === 'breaker-open');
      expect(breaker[0]).toMatchObject({ state: 'begins', listener: 'guarded' });
      expect(breaker.at(-1)).toMatchObject({ state: 'ends', listener: 'guarded' });
      expect(alerts.filter(({ alert }) => alert === 'dead-letters')).toEqual([]);
    },
    240_000,
  );
});
