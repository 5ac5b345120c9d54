import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

import { LiveCallbackReconciliation } from '../../src/cloud/index.js';
import { LiveCallbackConsoleModule } from '../../src/console/index.js';
import { CONSOLE_FILES } from '../../src/console/live-callback-console.options.js';
import {
  LiveCallbackListeners,
  LiveCallbackModule,
  NonRetryableError,
  OnLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, startWith, type AdapterName, type Host } from '../support/application.js';
import { createSqlite } from '../support/databases.js';
import { openCloudOfStreams, type CloudOfStreams } from './cloud-of-streams.js';
import { openDeclared, type Declared } from './declared-callbacks.js';

export const TOKENS = {
  token: 'TokenOfThoseWhoAct',
  readToken: 'TokenOfThoseWhoRead',
  revealToken: 'TokenOfThoseWhoReveal',
};
/** What lets in where the guard of the host decides. */
export const COOKIE = { name: 'session', value: 'of-the-host' };

/** What strangers may write: a script, marks that turn the direction, control characters, and much of it. */
export const HOSTILE = {
  script: '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">',
  name: 'live\u202egnp.exe\u0007<b>',
  length: 200_000,
};

/** Lets in who is signed in at the host. */
@Injectable()
export class SignedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['cookie']?.includes(`${COOKIE.name}=${COOKIE.value}`)) return true;
    throw new UnauthorizedException();
  }
}

@Injectable()
class SampleListeners {
  private count = 0;

  @OnLiveEvent('*', { id: 'archive' })
  archive(): void {}

  @OnLiveEvent(['stream-push', 'stream-interrupt'], { id: 'rooms' })
  rooms({ replay, stream }: LiveEvent): void {
    if (replay || !stream.name?.startsWith('shop')) return;
    throw new NonRetryableError(`room service answered 503 after ${100 * ++this.count} ms`);
  }

  @OnLiveEvent('image-audit', { id: 'moderation', backoffMs: 600_000 })
  moderation(): void {
    throw new Error('connect ECONNREFUSED 192.0.2.7:5672');
  }
}

/** A host with a console, whose database holds some of everything. */
export interface SeededConsole {
  readonly host: Host;
  readonly url: string;
  /** Callback templates, and the emulated account; none behind a guard of the host. */
  readonly declared: Declared | undefined;
  /** What the sessions were compared with; likewise. */
  readonly cloud: CloudOfStreams | undefined;
  readonly close: () => Promise<void>;
}

interface SeedOptions {
  readonly adapter: AdapterName;
  /** Where the built files are. */
  readonly files: string;
  readonly isGuarded?: boolean;
  readonly hasSessions?: boolean;
}

export async function openSeededConsole({
  adapter,
  files,
  isGuarded = false,
  hasSessions = true,
}: SeedOptions): Promise<SeededConsole> {
  const database = await createSqlite();
  const declared = isGuarded ? undefined : await openDeclared();
  const cloud = isGuarded ? undefined : await openCloudOfStreams();
  const access = isGuarded ? { guards: [SignedInGuard] } : TOKENS;
  const host = await startWith(
    [
      LiveCallbackModule.forRoot({
        keys: KEY,
        database: database.options,
        ...(hasSessions ? { sessions: {} } : {}),
      }),
      LiveCallbackConsoleModule.register({
        ...access,
        ...(declared && { templates: declared.templates }),
        [CONSOLE_FILES]: files,
      }),
      ...(cloud ? [cloud.module] : []),
    ],
    { adapter, module: { providers: [SampleListeners, SignedInGuard] } },
  );
  await seed(host);
  if (cloud) await host.app.get(LiveCallbackReconciliation, { strict: false }).cycle();
  await whenListenersDone(host.app);
  return {
    host,
    url: `${host.url}/console`,
    declared,
    cloud,
    close: async () => {
      await host.close();
      await declared?.close();
      await cloud?.close();
      await database.drop();
    },
  };
}

async function seed(host: Host): Promise<void> {
  const send = (callback: object, key = KEY) => host.send(signCallback(callback, { key }));
  const now = Math.floor(Date.now() / 1000);
  const of = (stream_id: string, ago: number, more = {}) => ({
    stream_id,
    channel_id: stream_id,
    event_time: now - ago,
    ...more,
  });
  const concert = { sequence: '7003500000000000001' };
  await send(streamPushCallback(of('concert', 1_500, concert)));
  await send(screenshotCallback(of('concert', 1_200, { create_time: now - 1_200 })));
  await send(imageAuditCallback({ stream_id: 'concert', channel_id: 'concert' }));
  await send(streamInterruptCallback(of('concert', 900, { ...concert, push_duration: '600000' })));
  await send(streamPushCallback(of('concert', 870, { sequence: '7003500000000000002' })));
  for (const name of ['shop-1', 'shop-2', 'shop-3']) {
    await send(streamPushCallback(of(name, 600, { sequence: `70035000000000001${name.at(-1)}` })));
  }
  const over = { sequence: '7003500000000000099' };
  await send(streamPushCallback(of('lesson', 3_000, over)));
  await send(
    streamInterruptCallback(
      of('lesson', 1_200, { ...over, errcode: 12, push_duration: '1800000' }),
    ),
  );
  await send(recordFileCallback(of('lesson', 1_100, { end_time: now - 1_200 })));
  const twice = streamPushCallback(of('twice', 300, { sequence: '7003500000000000070' }));
  await send(twice);
  await send({ ...twice, user_ip: '198.51.100.66' });
  const padding = 'x'.repeat(HOSTILE.length);
  await send(streamPushCallback(of(HOSTILE.name, 60, { note: HOSTILE.script, padding })));
  await send(streamPushCallback(of('forged', 30)), 'AnotherKeyAltogether');
  await send({ ...streamPushCallback(), event_type: 4711 });
  await send({ ...streamPushCallback(), stream_id: { not: 'a name' } });
  await whenListenersDone(host.app);
  const why = { reason: 'the agency moves tonight', actor: 'Ada' };
  await host.app.get(LiveCallbackListeners, { strict: false }).pause('moderation', why);
  await host.app.get(RejectionRecorder, { strict: false }).flush();
}
