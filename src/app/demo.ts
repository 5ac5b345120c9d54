import { setTimeout as sleep } from 'node:timers/promises';

import { Logger, type INestApplicationContext } from '@nestjs/common';

import { LiveCallbackReconciliation } from '../cloud/index.js';
import { RejectionRecorder } from '../receiving/refusals/rejection.recorder.js';
import type { CallbackAttempt } from '../emulator/index.js';
import { LiveCallbackAuditService } from '../index.js';
import { whenListenersDone } from '../testing/index.js';
import type { DemoCloud } from './demo.cloud.js';
import { DEMO_STREAM, DemoSession } from './demo.session.js';
import type { Settings } from './environment.js';

const PAUSE_MS = 300;

/** Plays a short live session against the running application, then says how to go on. */
export async function playDemo(
  app: INestApplicationContext,
  settings: Settings,
  url: string,
  cloud: DemoCloud,
): Promise<void> {
  const logger = new Logger('Demo');
  const key = settings.keys[0] as string;
  logger.log('No LIVE_CALLBACK_KEYS is set, so this plays a live session with a key of its own.');
  let says = '';
  const session = new DemoSession({
    key,
    baseUrl: `${url}/live-callback${tokenQuery(settings)}`,
    onAttempt: (attempt) => logger.log(`${says} (${attempt.kind}): ${answerOf(attempt)}`),
  });
  cloud.remember(session.history);
  for (const step of session.steps) {
    says = step.says;
    await step.play();
    await whenListenersDone(app);
    await sleep(PAUSE_MS);
  }
  await session.close();
  await compare(app, logger);
  await summarise(app, logger);
  process.stdout.write(farewell(settings, url, key));
}

/** How to go on. Secrets of the environment stay there: the shell puts them in. */
function farewell(settings: Settings, url: string, key: string): string {
  const adminToken = settings.mayShowAdminToken
    ? settings.adminToken
    : '$LIVE_CALLBACK_ADMIN_TOKEN';
  const metricsToken = settings.mayShowMetricsToken
    ? settings.metricsToken
    : '$LIVE_CALLBACK_METRICS_TOKEN';
  return `
Send more from another shell (installed as a package: "npx live-callback" for "node dist/cli/main.js"):

  export LIVE_CALLBACK_URL=${url}/live-callback LIVE_CALLBACK_KEYS=${key}
  node dist/cli/main.js send stream-push --stream my-stream
  node dist/cli/main.js emulate --url ${url}/live-callback

Ask what was stored:

  curl -H "authorization: Bearer ${adminToken}" \\
    "${url}/live-callback/audit/callbacks?limit=5"

Scrape its metrics:

  curl -H "authorization: Bearer ${metricsToken}" "${url}/metrics"

Look at it in a browser, replay the dead letter that the demo has left, apply its callback templates, and see what was brought in:

  ${url}/console
  Token to paste there: ${adminToken}

Ctrl-C ends the application.
`;
}

function answerOf({ status, answer, error }: CallbackAttempt): string {
  return status === null ? `no answer, ${error}` : `answered ${status} ${answer}`;
}

async function compare(app: INestApplicationContext, logger: Logger): Promise<void> {
  const reconciliation = app.get(LiveCallbackReconciliation, { strict: false });
  await reconciliation.cycle(true);
  await whenListenersDone(app);
  logger.log('Brought in from the records of the emulated cloud, because it was lost:');
  for (const { what, stream } of reconciliation.repairs) logger.log(`  a ${what} of ${stream}`);
}

async function summarise(app: INestApplicationContext, logger: Logger): Promise<void> {
  await app.get(RejectionRecorder, { strict: false }).flush();
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  const { items } = await audit.find({ domain: DEMO_STREAM.domain, limit: 20 });
  // What is worked out of them, the events of the session, was not sent.
  const sent = items.filter(({ eventType }) => eventType !== null);
  logger.log('Stored, newest first:');
  for (const { kind, stream, receiptsCount } of sent) {
    const times = receiptsCount === 1 ? 'arrived once' : `arrived ${receiptsCount} times`;
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
