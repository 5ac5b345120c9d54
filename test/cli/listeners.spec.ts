/** `live-callback listeners`, over the HTTP API and in the database: lists, pauses and resumes. */
import { Injectable } from '@nestjs/common';
import { expect, describe, it } from 'vitest';

import { LiveCallbackListeners, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { HURRIED } from '../support/hurried.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { ADMIN_TOKEN, cli, databaseUrl } from './cli-support.js';

@Injectable()
class Billing {
  readonly runs: LiveEvent[] = [];

  @OnLiveEvent('*', { id: 'billing' })
  bill(event: LiveEvent): void {
    this.runs.push(event);
  }
}

async function world() {
  const database = await scratchDatabase();
  const options = { audit: { token: ADMIN_TOKEN }, ...HURRIED };
  const host = await scratchHost({
    database,
    options,
    module: { providers: [Billing] },
  });
  const { app, url } = host;
  return {
    app,
    billing: app.get(Billing),
    inTables: { DATABASE_URL: databaseUrl(database) } as Record<string, string>,
    overHttp: {
      LIVE_CALLBACK_URL: `${url}/live-callback`,
      LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN,
    } as Record<string, string>,
    push: () => host.send(signCallback(streamPushCallback(), { key: KEY })),
  };
}

describe.each(['inTables', 'overHttp'] as const)('listeners, %s', (way) => {
  it('are paused and resumed by the running application, with reason and actor', async () => {
    const { app, billing, push, [way]: env } = await world();
    await push();
    await whenListenersDone(app);
    expect(billing.runs).toHaveLength(1);
    const why = ['--reason', 'the ledger moves', '--actor', 'ops'];
    const paused = await cli(['listeners', 'pause', 'billing', ...why], { env });
    expect([paused.code, paused.stderr]).toEqual([0, '']);
    expect(paused.stdout).toMatch(/^billing {2}paused since \S+Z by .*the ledger moves/);
    const [state] = await app.get(LiveCallbackListeners).list();
    expect(state?.pausedAt).toBeInstanceOf(Date);
    expect(`${state?.change?.reason} ${state?.change?.actor}`).toContain('ops');
    const listed = await cli(['listeners', 'list'], { env });
    expect(listed.stdout).toMatch(/^billing {2}paused since .*nothing waits\n$/);

    const resumed = await cli(['listeners', 'resume', 'billing', ...why, '--json'], { env });
    expect(resumed.json()).toMatchObject({ listener: 'billing', pausedAt: null, breaker: null });
    const json = await cli(['listeners', 'list', '--json'], { env });
    expect(json.json()).toMatchObject({ items: [{ listener: 'billing', pausedAt: null }] });
    expect((await cli(['listeners', 'list'], { env })).stdout).toMatch(/^billing {2}runs {2}/);
  });

  it('one that nobody knows is refused', async () => {
    const { app, [way]: env } = await world();
    const refused = await cli(['listeners', 'pause', 'biling', '--reason', 'typo'], { env });
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('listener must be the id of a listener that exists');
    expect((await app.get(LiveCallbackListeners).list()).map(({ pausedAt }) => pausedAt)).toEqual([
      null,
    ]);
  });
});
