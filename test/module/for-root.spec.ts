/**
 * `forRoot`: which routes a registration opens, what it exports and to whom.
 */
import { Inject, Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';

import {
  CallbackSignatureGuard,
  CallbackVerifier,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  LiveEventBus,
  parsePayload,
  type LiveCallbackModuleOptions,
} from '../../src/index.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
} from '../../src/testing/index.js';
import { ADAPTERS, KEY } from '../support/application.js';
import { errorOfStart, scratchHost } from '../support/scratch.js';

const CALLBACKS = {
  'stream-push': streamPushCallback,
  'stream-interrupt': streamInterruptCallback,
  'record-file': recordFileCallback,
  screenshot: screenshotCallback,
  'image-audit': imageAuditCallback,
};

const OK = { status: 200, text: '{"code":0}' };

@Injectable()
class Consumer {
  constructor(@Inject(LiveEventBus) readonly bus: LiveEventBus) {}
}

@Module({ providers: [Consumer] })
class FeatureModule {}

describe.each(ADAPTERS)('forRoot on %s', (adapter) => {
  it('opens one URL for every kind and one URL per kind', async () => {
    const host = await scratchHost({ adapter });
    for (const [kind, make] of Object.entries(CALLBACKS)) {
      for (const path of ['/live-callback', `/live-callback/${kind}`]) {
        const answer = await host.send(signCallback(make(), { key: KEY }), path);
        expect({ path, answer }).toMatchObject({ path, answer: OK });
      }
    }
    const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
    const kinds = items.map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(
      Object.keys(CALLBACKS)
        .flatMap((kind) => [kind, kind])
        .toSorted(),
    );
  });

  it('opens nothing else', async () => {
    const host = await scratchHost({ adapter });
    const signed = signCallback(streamPushCallback(), { key: KEY });
    for (const path of ['/', '/live', '/live-callback/nonsense', '/live-callback/stream-push/x']) {
      expect({ path, ...(await host.send(signed, path)) }).toMatchObject({ path, status: 404 });
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const { status } = await fetch(`${host.url}/live-callback`, { method });
      expect([404, 405]).toContain(status);
    }
  });

  it.each(['hooks', '/hooks', 'hooks/', '/hooks/', 'a/b.c/d-e_f~g'])(
    'takes the base path "%s"',
    async (path) => {
      const host = await scratchHost({ adapter, options: { path } });
      const base = `/${path.replace(/^\/|\/$/g, '')}`;
      const send = (to: string) => host.send(signCallback(streamPushCallback(), { key: KEY }), to);
      expect(await send(base)).toMatchObject(OK);
      expect(await send(`${base}/stream-push`)).toMatchObject(OK);
      expect(await send('/live-callback')).toMatchObject({ status: 404 });
    },
  );
});

describe('forRoot', () => {
  it('exports what a host works with', async () => {
    const { app } = await scratchHost();
    for (const token of [
      LiveEventBus,
      LiveCallbackAuditService,
      LiveCallbackHealth,
      CallbackSignatureGuard,
      CallbackVerifier,
    ]) {
      expect(app.get(token, { strict: false })).toBeInstanceOf(token);
    }
  });

  it('exports a verifier that works without HTTP', async () => {
    const { app } = await scratchHost();
    const verifier = app.get(CallbackVerifier, { strict: false });
    const { body } = signCallback(streamPushCallback(), { key: KEY });
    await expect(verifier.verify(parsePayload(body))).resolves.toBeUndefined();
    const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16' });
    await expect(verifier.verify(parsePayload(forged.body))).rejects.toMatchObject({
      name: 'CallbackRefusedError',
      reason: 'sign-mismatch',
    });
  });

  it('is visible in the modules that import it and in no other', async () => {
    const error = await errorOfStart(scratchHost({ module: { imports: [FeatureModule] } }));
    expect(error.message).toContain("can't resolve dependencies of the Consumer (?)");
  });

  it('is visible everywhere with isGlobal', async () => {
    const { app } = await scratchHost({
      options: { isGlobal: true },
      module: { imports: [FeatureModule] },
    });
    const consumer = app.get(Consumer, { strict: false });
    expect(consumer.bus).toBe(app.get(LiveEventBus, { strict: false }));
  });

  it('reports a healthy database', async () => {
    const { app } = await scratchHost();
    await expect(app.get(LiveCallbackHealth, { strict: false }).check()).resolves.toBeUndefined();
  });

  it('does not change the options that it is given', async () => {
    const options: Partial<LiveCallbackModuleOptions> = { keys: [KEY], path: '/hooks/' };
    await scratchHost({ options });
    expect(options).toEqual({ keys: [KEY], path: '/hooks/' });
  });

  it('can be imported with options that are frozen', async () => {
    const keys = Object.freeze([Object.freeze({ key: KEY, domain: 'push.example.com' })]);
    const host = await scratchHost({ options: Object.freeze({ keys }) });
    expect(await host.send(signCallback(streamPushCallback(), { key: KEY }))).toMatchObject(OK);
  });
});
