/**
 * `forRootAsync`: options from a factory, a class or a provider of the host, secrets that come late,
 * and what a factory may not decide because routes must be known before it runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { Global, Inject, Injectable, Module, type CanActivate } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { describe, expect, it } from 'vitest';

import {
  LiveCallbackModule,
  LiveEventBus,
  type LiveCallbackModuleAsyncOptions,
  type LiveCallbackOptions,
  type LiveCallbackOptionsFactory,
} from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY, type Host, type StartOptions } from '../support/application.js';
import { errorOfStart, scratchDatabase, scratchHostWith } from '../support/scratch.js';

const TOKEN = 'audit-token-of-many-characters';
const OK = { status: 200, text: '{"code":0}' };
const SHAPES_ROUTES =
  'shapes modules or routes, which must be known before a factory runs: move it beside useFactory, useClass or useExisting.';

/** Where the hosts of this suite keep their key. */
@Injectable()
class Secrets {
  async callbackKey(): Promise<string> {
    await sleep(20);
    return KEY;
  }
}

@Module({ providers: [Secrets], exports: [Secrets] })
class SecretsModule {}

@Injectable()
class OptionsFactory implements LiveCallbackOptionsFactory {
  constructor(@Inject(Secrets) private readonly secrets: Secrets) {}

  async createLiveCallbackOptions(): Promise<LiveCallbackOptions> {
    return { keys: await this.secrets.callbackKey() };
  }
}

@Global()
@Module({ imports: [SecretsModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

@Injectable()
class Consumer {
  constructor(@Inject(LiveEventBus) readonly bus: LiveEventBus) {}
}

@Module({ providers: [Consumer] })
class FeatureModule {}

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate() {
    return false;
  }
}

async function start(
  options: LiveCallbackModuleAsyncOptions,
  more: Omit<StartOptions, 'database'> = {},
): Promise<Host> {
  const database = await scratchDatabase();
  return scratchHostWith([LiveCallbackModule.forRootAsync({ database, ...options })], more);
}

const push = (key = KEY) => signCallback(streamPushCallback(), { key });
const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };

describe('forRootAsync', () => {
  it('takes options from a factory', async () => {
    const host = await start({ useFactory: () => ({ keys: KEY }) });
    expect(await host.send(push())).toMatchObject(OK);
    expect(await host.send(push('another-key-of-16'))).toMatchObject({ status: 401 });
  });

  it('waits for secrets that come late, from providers of imported modules', async () => {
    const host = await start({
      imports: [SecretsModule],
      inject: [Secrets],
      useFactory: async (secrets: Secrets) => ({ keys: await secrets.callbackKey() }),
    });
    expect(await host.send(push())).toMatchObject(OK);
  });

  it('takes options from a class, which it makes with its dependencies', async () => {
    const host = await start({ imports: [SecretsModule], useClass: OptionsFactory });
    expect(await host.send(push())).toMatchObject(OK);
  });

  it('takes options from a provider that the host has', async () => {
    const host = await start(
      { useExisting: OptionsFactory },
      { module: { imports: [OptionsModule] } },
    );
    expect(await host.send(push())).toMatchObject(OK);
  });

  it('works on the DataSource of the host', async () => {
    const database = await scratchDatabase();
    const host = await scratchHostWith([
      TypeOrmModule.forRoot({ ...database, name: 'main', autoLoadEntities: true }),
      LiveCallbackModule.forRootAsync({
        dataSource: 'main',
        useFactory: () => ({ keys: KEY }),
      }),
    ]);
    expect(await host.send(push())).toMatchObject(OK);
  });

  it('is visible everywhere with isGlobal, and only then', async () => {
    const useFactory = () => ({ keys: KEY });
    const module = { imports: [FeatureModule] };
    const { app } = await start({ isGlobal: true, useFactory }, { module });
    expect(app.get(Consumer, { strict: false }).bus).toBeInstanceOf(LiveEventBus);
    const error = await errorOfStart(start({ useFactory }, { module }));
    expect(error.message).toContain("can't resolve dependencies of the Consumer (?)");
  });

  it('takes path and decorators beside the factory', async () => {
    const decorated: string[] = [];
    const host = await start({
      path: 'hooks',
      decorators: [(target) => void decorated.push(target.name)],
      useFactory: () => ({ keys: KEY }),
    });
    expect(await host.send(push(), '/hooks/stream-push')).toMatchObject(OK);
    expect(decorated).toContain('StreamPushController');
  });

  it.each(['path', 'isGlobal', 'decorators', 'dataSource', 'database'])(
    'refuses to start when the factory returns %s',
    async (name) => {
      const error = await errorOfStart(start({ useFactory: () => ({ keys: KEY, [name]: 'x' }) }));
      expect(error).toMatchObject({
        name: 'LiveCallbackOptionsError',
        path: name,
        message: `${name} ${SHAPES_ROUTES}`,
      });
    },
  );

  it('refuses to start when the factory returns nothing', async () => {
    const error = await errorOfStart(
      // @ts-expect-error -- what JavaScript code may do
      start({ useFactory: () => undefined }),
    );
    expect(error.message).toBe(
      'keys must be a non-empty string, not undefined. Without a key nothing can be verified, so there is no start.',
    );
  });

  it('refuses to start with the error of the factory', async () => {
    const useFactory = () => Promise.reject(new Error('the vault is sealed'));
    expect((await errorOfStart(start({ useFactory }))).message).toBe('the vault is sealed');
  });
});

describe('the audit API with forRootAsync', () => {
  const useFactory = () => ({ keys: KEY, audit: { token: TOKEN } });

  it('opens with "audit: {}" beside a factory that returns the token', async () => {
    const host = await start({ audit: {}, useFactory });
    const url = `${host.url}/live-callback/audit/callbacks`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, bearer)).status).toBe(200);
  });

  it('opens with the token beside the factory', async () => {
    const host = await start({ audit: { token: TOKEN }, useFactory: () => ({ keys: KEY }) });
    const url = `${host.url}/live-callback/audit/callbacks`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, bearer)).status).toBe(200);
  });

  it('refuses to start when the factory alone asks for it', async () => {
    expect((await errorOfStart(start({ useFactory }))).message).toBe(
      'audit comes from a factory, but routes must be known before: add "audit: {}" beside useFactory, useClass or useExisting too.',
    );
  });

  it('refuses to start when neither place has a token or guards', async () => {
    const error = await errorOfStart(start({ audit: {}, useFactory: () => ({ keys: KEY }) }));
    expect(error.message).toBe(
      'audit opens the audit API, so it needs a token or guards: audit: { token: process.env.AUDIT_TOKEN } or audit: { guards: [AdminGuard] }.',
    );
  });

  it('never leaves out guards that the factory returns: they stop the start', async () => {
    const audit = { guards: [NobodyGuard] };
    const withToken = { audit: { token: TOKEN }, useFactory: () => ({ keys: KEY, audit }) };
    const alone = { useFactory: () => ({ keys: KEY, audit }) };
    for (const options of [withToken, alone]) {
      const error = await errorOfStart(start(options));
      expect(error).toMatchObject({ name: 'LiveCallbackOptionsError' });
      expect(error.message).toMatch(/^audit/);
    }
  });
});
