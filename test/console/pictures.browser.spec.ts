/**
 * Takes the pictures of the console in docs/images: `npm run console:pictures`. Look at them before they
 * are committed. `pngquant`, a package of Debian, makes them a third as large: they are in the package.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { BrowserContextOptions } from 'playwright-core';
import { expect, inject, it } from 'vitest';

import { LiveCallbackAuditService, LiveCallbackListeners, LiveSessions } from '../../src/index.js';
import { launchBrowser } from '../support/browser.js';
import { onTestFinished } from '../support/current-test.js';
import { openSeededConsole, TOKENS } from './seeded-console.js';

const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 760 }, locale: 'en-GB' };
const NARROW: BrowserContextOptions = {
  viewport: { width: 360, height: 760 },
  locale: 'ja-JP',
  colorScheme: 'dark',
};
/** Small enough for a repository, bytes. */
const LARGEST = 50_000;

it.runIf(process.env['PICTURES'] === '1')('the pages have their pictures taken', async () => {
  const seeded = await openSeededConsole({ adapter: 'fastify', files: inject('consoleFiles') });
  onTestFinished(seeded.close);
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  mkdirSync(IMAGES, { recursive: true });
  const audit = seeded.host.app.get(LiveCallbackAuditService, { strict: false });
  const sessions = seeded.host.app.get(LiveSessions, { strict: false });
  const [twice] = (await audit.find({ kind: 'stream-push', stream: 'twice' })).items;
  const [concert] = (await sessions.find({ stream: 'concert' })).items;

  const take = async (look: BrowserContextOptions, name: string, place: string) => {
    const page = await browser.newPage({ ...look, reducedMotion: 'reduce' });
    await page.goto(`${seeded.url}#/${place}`);
    await page.fill('input[type=password]', TOKENS.token);
    await page.click('button[type=submit]');
    await page.waitForSelector(place.includes('/') ? '.facts' : 'table, .empty');
    // Charts and lanes come with what they draw.
    await page.waitForLoadState('networkidle');
    const path = `${IMAGES}/console-${name}.png`;
    await page.screenshot({ path });
    await page.close();
    execFileSync('pngquant', ['--force', '--ext=.png', '--speed=1', '--quality=50-90', path]);
    expect(readFileSync(path).length).toBeLessThan(LARGEST);
  };
  await take(WIDE, 'listeners', 'listeners');
  // The word of it stands above every page.
  await seeded.host.app
    .get(LiveCallbackListeners, { strict: false })
    .resume('moderation', { reason: 'the pictures of the other pages', actor: 'me' });
  const others = ['live', 'callbacks', 'dead-letters', 'refused', 'templates', 'reconciliation'];
  for (const page of others) await take(WIDE, page, page);
  await take(WIDE, 'session', `live/${concert!.id}`);
  await take(WIDE, 'callback', `callbacks/${twice!.id}`);
  await take(WIDE, 'template', 'templates/main');
  await take(NARROW, 'narrow', 'callbacks');
});
