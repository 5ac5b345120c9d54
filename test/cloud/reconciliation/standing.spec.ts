/** How the comparison stands is in the health report of every process, in that of @nestjs/terminus too. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Controller, Get } from '@nestjs/common';
import { HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { describe, expect, it } from 'vitest';

import {
  LiveCallbackHealth,
  LiveCallbackHealthIndicator,
  onLiveCallbackSignal,
  type LiveCallbackModuleOptions,
  type LiveCallbackSignals,
} from '../../../src/index.js';
import { readReconciliation } from '../../../src/operations/health/reconciliation.query.js';
import { CallbackDatabase } from '../../../src/storage/connection/callback.database.js';
import { onTestFinished } from '../../support/current-test.js';
import { HURRIED } from '../../support/hurried.js';
import { DATABASES, FEATURE_DATABASES } from '../../support/databases.js';
import { scratchHost } from '../../support/scratch.js';
import { HOUR, MINUTE, startReconciled, type Reconciled } from './reconciled-host.js';

@Controller('terminus')
class TerminusController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly live: LiveCallbackHealthIndicator,
  ) {}

  @Get()
  check(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.live.isHealthy()]);
  }
}

describe.each(FEATURE_DATABASES)('on $name', (on) => {
  it.skipIf(on.isAbsent)(
    'whether it is behind, failing, or refused by the cloud is known to every process',
    async () => {
      const database = await on.create();
      onTestFinished(() => database.drop());
      const live = await startReconciled({ database: database.options });
      const { dataSource } = live.host.app.get(CallbackDatabase, { strict: false });
      const shows = async (expected: object | null) => {
        const standing = await readReconciliation(dataSource, 'default', live.clock.now());
        expect(standing).toEqual(expected);
      };
      await shows(null);

      await live.pass(MINUTE);
      await shows({ status: 'up', behindSeconds: 0, watermarkSeconds: 900 });

      live.server.fail({ action: '*', rate: 1, effect: { error: 'InternalError' } });
      await live.pass(5 * MINUTE);
      await shows({ status: 'failing', behindSeconds: 300, watermarkSeconds: 1_200 });

      live.server.clearFaults();
      live.server.fail({ action: '*', rate: 1, effect: { error: 'AuthFailure.SecretIdNotFound' } });
      await live.pass(MINUTE);
      await shows({ status: 'refused', behindSeconds: 360, watermarkSeconds: 1_260 });

      live.server.clearFaults();
      await live.pass(6 * MINUTE);
      await shows({ status: 'up', behindSeconds: 0, watermarkSeconds: expect.any(Number) });

      await live.clock.advance(HOUR);
      await shows({ status: 'behind', behindSeconds: 3_600, watermarkSeconds: expect.any(Number) });
      await live.clock.advance(8 * 24 * HOUR);
      await shows(null);
    },
  );
});

it('a clock of the cloud that differs is no refusal of the key', async () => {
  const live = await startOnSqlite();
  live.server.fail({ action: '*', rate: 1, effect: { error: 'AuthFailure.SignatureExpire' } });
  await live.pass(MINUTE);
  const { reconciliation } = await live.host.app.get(LiveCallbackHealth).report();
  expect(reconciliation).toMatchObject({ status: 'failing' });
});

it('a process that does not compare says it too, by its indicator, and is up all the same', async () => {
  const live = await startOnSqlite();
  live.server.fail({ action: '*', rate: 1, effect: { error: 'UnauthorizedOperation.CamNoAuth' } });
  await live.pass(MINUTE);
  const other = await scratchHost({
    database: live.database,
    options: { clock: () => live.clock.now(), sessions: {} },
    module: {
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [TerminusController],
    },
  });
  const response = await fetch(`${other.url}/terminus`);
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { info: { 'live-callback': { status: 'up', reconciliation: { status: 'refused' } } } },
  ]);
});

it('what fails for a quarter of an hour is an alert, which ends when all is compared', async () => {
  const heard: string[] = [];
  const hear = ({ alert, state, detail }: LiveCallbackSignals['alert']) =>
    heard.push([alert, state, detail].join(' ').trim());
  onTestFinished(onLiveCallbackSignal('alert', hear));
  const live = await startOnSqlite(HURRIED);
  await live.pass(MINUTE);
  live.server.fail({ action: '*', rate: 1, effect: { error: 'InternalError' } });
  await live.pass(10 * MINUTE);
  await sleep(2_500);
  expect(heard).toEqual([]);
  await live.pass(5 * MINUTE);
  const began = 'reconciliation-behind begins Not all was compared with the cloud for 900 s.';
  await expect.poll(() => heard, { timeout: 5_000 }).toEqual([began]);
  live.server.clearFaults();
  await live.pass(6 * MINUTE);
  await expect.poll(() => heard, { timeout: 5_000 }).toEqual([began, 'reconciliation-behind ends']);
});

async function startOnSqlite(options: Partial<LiveCallbackModuleOptions> = {}) {
  const database = await DATABASES.find(({ name }) => name === 'SQLite')!.create();
  onTestFinished(() => database.drop());
  const live: Reconciled = await startReconciled({
    database: database.options,
    options,
  });
  return Object.assign(live, { database: database.options });
}
