import { setTimeout as sleep } from 'node:timers/promises';

import { Logger, type INestApplicationContext } from '@nestjs/common';

import { RejectionRecorder } from '../audit/index.js';
import { LiveCallbackAuditService } from '../index.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
  type CallbackFields,
} from '../testing/index.js';
import type { Settings } from './environment.js';

/** One request of the demo. */
interface Step {
  /** What the sender does. */
  readonly says: string;
  readonly kind: string;
  readonly callback: CallbackFields;
  /** Key to sign with; the configured one by default. */
  readonly key?: string;
  /** Seconds from now at which the signature expires; 600 by default, as CSS does. */
  readonly expiresIn?: number;
}

const PAUSE_MS = 300;
const STREAM = { app: 'push.demo.example', appname: 'live', stream_id: 'demo' };

/** Plays a short live session against the running application, then says how to go on. */
export async function playDemo(
  app: INestApplicationContext,
  settings: Settings,
  url: string,
): Promise<void> {
  const logger = new Logger('Demo');
  const key = settings.keys[0] as string;
  logger.log('No LIVE_CALLBACK_KEYS is set, so this plays a live session with a key of its own.');
  for (const step of session()) {
    const t = Math.floor(Date.now() / 1000) + (step.expiresIn ?? 600);
    const { method, headers, body } = signCallback(step.callback, { key: step.key ?? key, t });
    const response = await fetch(`${url}/live-callback/${step.kind}${tokenQuery(settings)}`, {
      method,
      headers,
      body,
    });
    logger.log(`${step.says} (${step.kind}): answered ${response.status} ${await response.text()}`);
    await whenListenersDone(app);
    await sleep(PAUSE_MS);
  }
  await summarise(app, logger);
  process.stdout.write(farewell(settings, url, key));
}

/** How to go on. Secrets of the environment stay there: the shell puts them in. */
function farewell(settings: Settings, url: string, key: string): string {
  const { body } = signCallback(streamPushCallback(STREAM), { key });
  const urlToken = settings.urlToken === undefined ? '' : '?token=$LIVE_CALLBACK_URL_TOKEN';
  const adminToken = settings.mayShowAdminToken
    ? settings.adminToken
    : '$LIVE_CALLBACK_ADMIN_TOKEN';
  return `
Send the next callback yourself; its signature holds for ten minutes:

  curl -i "${url}/live-callback/stream-push${urlToken}" \\
    -H 'content-type: application/json' \\
    -d '${body}'

Ask what was stored:

  curl -H "authorization: Bearer ${adminToken}" \\
    "${url}/live-callback/audit/callbacks?limit=5"

Ctrl-C ends the application.
`;
}

function session(): Step[] {
  const push = streamPushCallback({ ...STREAM, channel_id: 'demo' });
  const { sequence } = push;
  const ofStream = { ...STREAM, channel_id: 'demo' };
  return [
    { says: 'A stream is pushed', kind: 'stream-push', callback: push },
    { says: 'A picture is taken', kind: 'screenshot', callback: screenshotCallback(ofStream) },
    {
      says: 'The picture is moderated',
      kind: 'image-audit',
      callback: imageAuditCallback({
        app: STREAM.app,
        appname: STREAM.appname,
        streamId: STREAM.stream_id,
        channelId: 'demo',
      }),
    },
    { says: 'CSS repeats the push', kind: 'stream-push', callback: push, expiresIn: 601 },
    {
      says: 'Somebody forges an interruption',
      kind: 'stream-interrupt',
      callback: streamInterruptCallback({ ...ofStream, sequence }),
      key: 'a-key-that-was-guessed',
    },
    {
      says: 'Somebody replays an old request',
      kind: 'stream-push',
      callback: push,
      expiresIn: -1,
    },
    {
      says: 'The push is interrupted',
      kind: 'stream-interrupt',
      callback: streamInterruptCallback({ ...ofStream, sequence, push_duration: '8000' }),
    },
    { says: 'The recording is ready', kind: 'record-file', callback: recordFileCallback(ofStream) },
  ];
}

async function summarise(app: INestApplicationContext, logger: Logger): Promise<void> {
  await app.get(RejectionRecorder, { strict: false }).flush();
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  const stored = await audit.find({ domain: STREAM.app, limit: 5 });
  logger.log('Stored, newest first:');
  for (const { kind, stream, deliveriesCount } of stored.items) {
    const times = deliveriesCount === 1 ? 'delivered once' : `delivered ${deliveriesCount} times`;
    logger.log(`  ${kind} ${stream.domain}/${stream.path}/${stream.name}, ${times}`);
  }
  logger.log('Refused, with the reason that the caller is not told:');
  for (const { reason, count } of (await audit.rejections({ limit: 2 })).items) {
    logger.log(`  ${reason}, ${count} request${count === 1 ? '' : 's'}`);
  }
}

function tokenQuery({ urlToken }: Settings): string {
  return urlToken === undefined ? '' : `?token=${encodeURIComponent(urlToken)}`;
}
