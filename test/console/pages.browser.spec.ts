/**
 * The console in a real browser, on both adapters: every page in four languages, light and dark, wide and
 * narrow, without violations of WCAG by axe, errors or requests to elsewhere; what strangers have written;
 * what people do there; and whom it lets in.
 */
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackDeadLetters,
  LiveCallbackListeners,
  LiveSessions,
} from '../../src/index.js';
import { ADAPTERS } from '../support/application.js';
import { isBrowserAbsent, launchBrowser } from '../support/browser.js';
import { pushOf } from './cloud-of-streams.js';
import { KEPT_KEY, NEW_KEY } from './declared-callbacks.js';
import {
  COOKIE,
  HOSTILE,
  openSeededConsole,
  TOKENS,
  type SeededConsole,
} from './seeded-console.js';

const LOCALES = { en: 'en-GB', zh: 'zh-CN', ja: 'ja-JP', ko: 'ko-KR' };
/** Theme and width. */
const LOOKS: readonly Look[] = [
  ['light', 1280],
  ['dark', 360],
  ['dark', 1280],
  ['light', 360],
];
const PAGES = [
  'live',
  'callbacks',
  'dead-letters',
  'refused',
  'listeners',
  'templates',
  'reconciliation',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

type Look = readonly [theme: string, width: number];

const files = inject('consoleFiles');
let browser: Browser;

describe.skipIf(isBrowserAbsent)('in Chromium', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  describe.each(ADAPTERS)('on %s', (adapter) => {
    // The page is the same on both; the second one shows each theme and each width once.
    const looks = adapter === ADAPTERS[0] ? LOOKS : LOOKS.slice(0, 2);
    let seeded: SeededConsole;
    beforeAll(async () => {
      seeded = await openSeededConsole({ adapter, files });
    });
    afterAll(() => seeded?.close());

    it.each(Object.entries(LOCALES))(
      'in %s every page is accessible, quiet and within its width, light and dark, wide and narrow',
      async (language, locale) => {
        const { page, complaints, close } = await openPage({ locale });
        await page.goto(seeded.url);
        await page.waitForSelector('h1');
        await eachLook(page, looks, async () => await expectGood(page, 'sign-in'));
        await signIn(page, TOKENS.token);
        for (const name of PAGES) {
          await visit(page, name);
          expect(await page.getAttribute('html', 'lang')).toBe(locale);
          await eachLook(page, looks, async () => await expectGood(page, `${language} ${name}`));
        }
        for (const place of await details(seeded)) {
          await visit(page, place);
          await eachLook(page, looks, async () => await expectGood(page, `${language} ${place}`));
        }
        expect(complaints).toEqual([]);
        await close();
      },
    );

    it('what strangers have written is text, however it is written', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      const audit = seeded.host.app.get(LiveCallbackAuditService, { strict: false });
      const [hostile] = (await audit.find({ stream: HOSTILE.name, kind: 'stream-push' })).items;
      await visit(page, `callbacks/${hostile!.id}`);
      await page.waitForSelector('pre');
      const body = (await page.textContent('pre')) ?? '';
      expect(body.length).toBeGreaterThan(HOSTILE.length);
      expect(body).toContain('<script>window.hacked = 1</script>');
      expect(await page.textContent('.facts')).toContain('live‹U+202E›gnp.exe‹U+0007›<b>');
      expect(await page.$$('pre *, .facts b, main script, main img')).toEqual([]);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      expect(complaints).toEqual([]);
      await close();
    });

    it('a session shows when each listener ran, and what came of it', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      const sessions = seeded.host.app.get(LiveSessions, { strict: false });
      const [concert] = (await sessions.find({ stream: 'concert' })).items;
      await visit(page, `live/${concert!.id}`);
      await page.waitForSelector('svg[aria-label="rooms: Done 3"]');
      await page.waitForSelector('svg[aria-label="moderation: Pending 1"]');
      expect(complaints).toEqual([]);
      await close();
    });

    it.each([
      ['zh-CN', '推流链路网络异常。'],
      ['ko-KR', '푸시 측의 네트워크 오류입니다.'],
    ])('in %s a callback says what its code means', async (locale, meaning) => {
      const { page, complaints, close } = await openPage({ locale });
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      const audit = seeded.host.app.get(LiveCallbackAuditService, { strict: false });
      const [interrupt] = (await audit.find({ kind: 'stream-interrupt', stream: 'lesson' })).items;
      await visit(page, `callbacks/${interrupt!.id}`);
      await page.waitForSelector(`.meaning:has(code:text-is("errcode 12")):has-text("${meaning}")`);
      expect(complaints).toEqual([]);
      await close();
    });

    it('a token is kept in memory alone, and gone with the page', async () => {
      const { page, context, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      await visit(page, 'callbacks');
      expect(page.url()).not.toContain(TOKENS.token);
      const { cookies, origins } = await context.storageState({ indexedDB: true });
      expect(JSON.stringify({ cookies, origins })).not.toContain(TOKENS.token);
      expect(cookies).toEqual([]);
      await page.reload();
      expect(await page.waitForSelector('input[type=password]')).toBeTruthy();
      await close();
    });

    it('whoever only reads is offered nothing else', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.readToken);
      await visit(page, 'dead-letters');
      expect(await page.$$('main button:has-text("Replay"), main .danger')).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    });

    it('a group of dead letters is replayed after its number was shown, with reason and name', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      await visit(page, 'dead-letters');
      await page.click('tbody button:has-text("Replay")');
      await page.waitForSelector('dialog .preview:has-text("This concerns 3.")');
      expect(await violationsOf(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog', { state: 'detached' });
      await page.click('tbody button:has-text("Replay")');
      const [reason, actor] = await page.$$('dialog input');
      await reason!.fill('the room service is back');
      await actor!.fill('Ada');
      await page.waitForSelector('dialog button[type=submit]:not([disabled])');
      await page.keyboard.press('Enter');
      await page.waitForSelector('dialog [role=status]:has-text("3 deliveries are run again.")');
      await page.click('dialog button:has-text("Close")');
      await page.waitForSelector('main .empty');
      const letters = seeded.host.app.get(LiveCallbackDeadLetters, { strict: false });
      expect(await letters.count()).toBe(0);
      const audit = seeded.host.app.get(LiveCallbackAuditService, { strict: false });
      const [one] = (await audit.find({ stream: 'shop-1', kind: 'stream-push' })).items;
      const detail = await audit.get(one!.id);
      expect(detail?.deliveries.find(({ listener }) => listener === 'rooms')).toMatchObject({
        state: 'done',
        replay: { reason: 'the room service is back', actor: 'Ada' },
      });
      expect(complaints).toEqual([]);
      await close();
    });

    it('a listener is paused and resumed, with reason and name', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      await visit(page, 'listeners');
      await page.waitForSelector('tr:has-text("moderation") .state-paused');
      const row = 'tr:has-text("archive")';
      const change = async (verb: string, said: string) => {
        await page.click(`${row} button:has-text("${verb}")`);
        await page.waitForSelector('dialog');
        expect(await violationsOf(page)).toEqual([]);
        const [reason, actor] = await page.$$('dialog input');
        await reason!.fill('the archive moves');
        await actor!.fill('Bea');
        await page.keyboard.press('Enter');
        await page.waitForSelector(`dialog [role=status]:has-text("${said}")`);
        await page.click('dialog button:has-text("Close")');
      };
      await change('Pause', 'It is paused.');
      await page.waitForSelector(`${row} .hold:has-text("Bea: the archive moves")`);
      const listeners = seeded.host.app.get(LiveCallbackListeners, { strict: false });
      const [archive] = await listeners.list();
      expect(archive).toMatchObject({ listener: 'archive', change: { actor: 'Bea' } });
      expect(archive?.pausedAt).not.toBeNull();
      await change('Resume', 'It goes on.');
      await page.waitForSelector(`${row} .hold`, { state: 'detached' });
      expect((await listeners.list())[0]?.pausedAt).toBeNull();
      expect(complaints).toEqual([]);
      await close();
    });
  });

  describe('callback templates', () => {
    let seeded: SeededConsole;
    beforeAll(async () => {
      seeded = await openSeededConsole({ adapter: 'fastify', files });
    });
    afterAll(() => seeded?.close());

    it('what somebody has changed in the cloud is shown to those who only read', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.readToken);
      await visit(page, 'templates');
      await page.waitForSelector('td:has-text("Somebody has changed the account")');
      await page.waitForSelector(
        'tbody tr:has-text("main") .state:has-text("Changed in the cloud")',
      );
      await page.waitForSelector('section td:has-text("old-receiver")');
      expect(await page.$$('main button:has-text("Apply"), main .button, main .danger')).toEqual(
        [],
      );
      await visit(page, 'templates/main');
      expect(await page.$$('main button[type=submit]')).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    });

    it('are declared, bound, applied, changed and deleted, and their key is never answered', async () => {
      const { page, complaints, close } = await openPage({});
      const { api } = seeded.declared!;
      const answers: Promise<string>[] = [];
      page.on('response', (response) => {
        if (response.url().includes('/api/')) answers.push(response.text().catch(() => ''));
      });
      const apply = async () => {
        await page.click('main button:has-text("Apply")');
        await page.click('dialog button:has-text("Apply")');
        await page.waitForSelector('main .empty:has-text("Nothing to do")');
      };
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      await visit(page, 'templates');
      await apply();
      await page.click('main a:has-text("New template")');
      await page.fill('label:has-text("Id") + input', 'show');
      const name = 'label:has-text("Name") + input';
      await page.fill(name, 'no spaces here');
      await page.waitForSelector('.problem:has-text("no spaces")');
      await page.fill(name, 'x'.repeat(31));
      await page.waitForSelector('.problem:has-text("31 characters; the limit is 30.")');
      await page.fill(name, '演出');
      await page.fill('label:has-text("Callback key") + input', NEW_KEY);
      await page.selectOption('#target-screenshot', 'url');
      await page.fill('#target-screenshot + input', 'https://pictures.example.com/in?token=Pst');
      await page.click('main button:has-text("Bind")');
      const domain = 'label:has-text("Push domain") + input';
      await page.fill(domain, 'push.example.com');
      await page.waitForSelector('.problem:has-text("Template main is bound to it already.")');
      await page.fill(domain, 'show.example.com');
      await page.click('main button:has-text("Save")');
      await page.waitForSelector('tbody tr:has-text("演出") .state:has-text("Not there yet")');
      await apply();
      const [made] = api.templates.templates.filter(({ fields }) => fields.CallbackKey === NEW_KEY);
      expect(made?.fields).toMatchObject({
        TemplateName: '演出',
        SnapshotNotifyUrl: 'https://pictures.example.com/in?token=Pst',
      });
      expect(
        api.templates.rules.find(({ domain: bound }) => bound === 'show.example.com'),
      ).toMatchObject({ appName: 'live', templateId: made!.id });

      await page.click('tbody tr:has-text("演出") a:has-text("Edit")');
      await page.selectOption('#target-stream-push', 'module');
      await page.click('main button:has-text("Unbind")');
      await page.click('main button:has-text("Save")');
      await page.waitForSelector('tbody tr:has-text("演出") .state:has-text("To be applied")');
      await apply();
      expect(api.templates.template(made!.id).fields).toMatchObject({
        StreamBeginNotifyUrl: 'https://live.example.com/live-callback/stream-push',
        SnapshotNotifyUrl: 'https://pictures.example.com/in?token=Pst',
      });

      await page.click('tbody tr:has-text("演出") button:has-text("New key")');
      expect(await violationsOf(page)).toEqual([]);
      await page.fill('dialog input', 'short');
      await page.waitForSelector('dialog .problem');
      await page.fill('dialog input', `${NEW_KEY}2`);
      await page.click('dialog button:has-text("New key")');
      await page.waitForSelector('dialog', { state: 'detached' });
      expect(api.templates.template(made!.id).fields.CallbackKey).toBe(`${NEW_KEY}2`);

      await page.click('tbody tr:has-text("演出") button:has-text("Delete")');
      await page.click('dialog button:has-text("Delete")');
      await page.waitForSelector('main td:has-text("Delete the template")');
      await apply();
      expect(api.templates.templates.map(({ id }) => id)).not.toContain(made!.id);
      const said = (await Promise.all(answers)).join('\n');
      expect(said).toContain('演出');
      for (const secret of [NEW_KEY, KEPT_KEY, 'Pst']) expect(said).not.toContain(secret);
      expect(complaints).toEqual([]);
      await close();
    });
  });

  describe('the comparison with the cloud', () => {
    let seeded: SeededConsole;
    beforeAll(async () => {
      seeded = await openSeededConsole({ adapter: 'express', files });
    });
    afterAll(() => seeded?.close());

    it('shows what was repaired and doubted, and is tried before it is made', async () => {
      const { page, complaints, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      await visit(page, 'reconciliation');
      await page.waitForSelector('.state:has-text("Everything was answered")');
      await page.waitForSelector('tr:has-text("rehearsal"):has-text("by the list of push events")');
      await page.waitForSelector('tr:has-text("backstage"):has-text("Start")');
      await page.waitForSelector('tr:has-text("shop-1"):has-text("push.example.com/live")');
      seeded.cloud!.sessions.push(pushOf('encore', 3_000, 2_000));
      await page.click('main button:has-text("Compare now")');
      await page.click('dialog button:has-text("Dry run")');
      await page.waitForSelector('dialog .preview:has-text("1 push is unknown here")');
      await page.waitForSelector('dialog li:has-text("push.example.com/live/encore")');
      expect(await violationsOf(page)).toEqual([]);
      const sessions = seeded.host.app.get(LiveSessions, { strict: false });
      expect((await sessions.find({ stream: 'encore' })).items).toEqual([]);
      await page.click('dialog button[type=submit]');
      await page.waitForSelector('dialog [role=status]:has-text("2 facts were brought in.")');
      await page.click('dialog button:has-text("Close")');
      await page.waitForSelector('tr:has-text("encore")');
      expect((await sessions.find({ stream: 'encore' })).items).toMatchObject([{ state: 'ended' }]);
      expect(complaints).toEqual([]);
      await close();
    });

    it('says when the cloud does not answer, and is not made by those who only read', async () => {
      seeded.cloud!.api.fail({
        action: 'DescribeLiveStreamEventList',
        effect: { error: 'AuthFailure.UnauthorizedOperation' },
      });
      const { page, close } = await openPage({});
      await page.goto(seeded.url);
      await signIn(page, TOKENS.token);
      await visit(page, 'reconciliation');
      await page.click('main button:has-text("Compare now")');
      await page.click('dialog button:has-text("Dry run")');
      await page.waitForSelector('dialog .failure:has-text("UnauthorizedOperation")');
      seeded.cloud!.api.clearFaults();
      await page.reload();
      await signIn(page, TOKENS.readToken);
      await visit(page, 'reconciliation');
      expect(await page.$$('main button.primary')).toEqual([]);
      await close();
    });
  });

  describe('behind a guard of the host', () => {
    let seeded: SeededConsole;
    let elsewhere: Server;
    beforeAll(async () => {
      seeded = await openSeededConsole({
        adapter: 'fastify',
        files,
        isGuarded: true,
        hasSessions: false,
      });
      elsewhere = createServer((_request, response) => {
        response.setHeader('content-type', 'text/html').end('<form method="post"></form>');
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    });
    afterAll(async () => {
      elsewhere?.close();
      await seeded?.close();
    });

    it('nothing is served to others but a 401', async () => {
      const { page, close } = await openPage({});
      for (const path of ['', '/api/callbacks', '/api/standing', '/assets/index.js']) {
        expect((await page.goto(seeded.url + path))?.status()).toBe(401);
      }
      await close();
    });

    it('whoever is signed in there needs no token, and is told how to turn sessions on', async () => {
      const { page, complaints, close } = await openPage({ isSignedIn: seeded.url });
      await page.goto(`${seeded.url}#/live`);
      await page.waitForSelector('.empty code:has-text("sessions: {}")');
      expect(await violationsOf(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    });

    it('a page of another origin has the browser change nothing, whatever it sends', async () => {
      const { page, close } = await openPage({ isSignedIn: seeded.url });
      const audit = seeded.host.app.get(LiveCallbackAuditService, { strict: false });
      const [one] = (await audit.find({ stream: 'shop-2', kind: 'stream-push' })).items;
      const target = `${seeded.url}/api/callbacks/${one!.id}/discard`;
      const { port } = elsewhere.address() as AddressInfo;
      await page.goto(`http://127.0.0.1:${port}`);
      const send = (mode: string, headers: object) =>
        page.evaluate<string>(`
          fetch(${JSON.stringify(target)}, {
            method: 'POST',
            credentials: 'include',
            mode: ${JSON.stringify(mode)},
            headers: ${JSON.stringify(headers)},
            body: '{"reason":"forged"}',
          }).then(({ type }) => type, () => 'refused')`);
      const own = { 'content-type': 'application/json', 'x-live-callback-console': '1' };
      const results = [
        await send('no-cors', { 'content-type': 'text/plain' }),
        await send('cors', own),
      ];
      expect(results).toEqual(['opaque', 'refused']);
      const answered = page.waitForResponse(target);
      const form = `Object.assign(document.forms[0], { action: ${JSON.stringify(target)} })`;
      await page.evaluate(`${form}.submit()`);
      expect([403, 415]).toContain((await answered).status());
      expect(await audit.get(one!.id)).toMatchObject({ discard: null });
      await close();
    });
  });
});

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page has said to its console, and what it has asked of others. */
  readonly complaints: string[];
  readonly close: () => Promise<void>;
}

async function openPage({
  isSignedIn,
  ...options
}: BrowserContextOptions & { isSignedIn?: string }): Promise<Opened> {
  const context = await browser.newContext({
    locale: 'en-GB',
    // What fades has a colour of its own meanwhile.
    reducedMotion: 'reduce',
    ...options,
  });
  if (isSignedIn !== undefined) await context.addCookies([{ ...COOKIE, url: isSignedIn }]);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(page.url()).origin && page.url() !== 'about:blank') {
      complaints.push(`asked ${origin}`);
    }
  });
  return { page, context, complaints, close: () => context.close() };
}

/** An interruption, one of two pushes that contradict each other, and a session. */
async function details({ host }: SeededConsole): Promise<string[]> {
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  const sessions = host.app.get(LiveSessions, { strict: false });
  const [interrupt] = (await audit.find({ kind: 'stream-interrupt', stream: 'lesson' })).items;
  const [twice] = (await audit.find({ kind: 'stream-push', stream: 'twice' })).items;
  const [lesson] = (await sessions.find({ stream: 'concert' })).items;
  return [
    `callbacks/${interrupt!.id}`,
    `callbacks/${twice!.id}`,
    `live/${lesson!.id}`,
    'templates/audit',
    'templates/+',
  ];
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.fill('input[type=password]', token);
  await page.click('button[type=submit]');
  await page.waitForSelector('nav');
}

/** Goes to a page, and waits until what it asked for is there. */
async function visit(page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
  await page.waitForSelector(place.includes('/') ? '.facts' : 'table, .empty');
}

async function eachLook(
  page: Page,
  looks: readonly Look[],
  act: () => Promise<void>,
): Promise<void> {
  for (const [theme, width] of looks) {
    await page.selectOption('.preferences select:last-child', theme);
    await page.setViewportSize({ width, height: 800 });
    await act();
  }
}

async function expectGood(page: Page, name: string): Promise<void> {
  expect([name, await violationsOf(page)]).toEqual([name, []]);
  const excess = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  expect([name, page.viewportSize()?.width, await page.evaluate(excess)]).toEqual([
    name,
    page.viewportSize()?.width,
    0,
  ]);
}

/** What axe has to say, in short. */
async function violationsOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate('Boolean(window.axe)'))) await page.evaluate(AXE);
  const violations = await page.evaluate<readonly Violation[]>(
    "axe.run({ resultTypes: ['violations'] }).then((it) => it.violations)",
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
