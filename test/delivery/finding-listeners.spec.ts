/**
 * How listeners are found: methods that other decorators have wrapped, inherited ones, modules that
 * are loaded later. What cannot be called, or not as it is declared, is said in words.
 */
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
} from '@nestjs/common';
import { BaseExceptionFilter, LazyModuleLoader, REQUEST } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { describe, expect, it } from 'vitest';

import {
  ListenerError,
  LiveCallbackAuditService,
  LiveCallbackModule,
  LiveEventBus,
  OnLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import {
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { scratchDatabase, scratchHost, scratchHostWith } from '../support/scratch.js';

const audit = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });

async function sendOne(host: Host, callback: object = screenshotCallback()): Promise<void> {
  const answer = await host.send(signCallback(callback, { key: KEY }));
  expect(answer).toMatchObject({ status: 200, text: '{"code":0}' });
  await whenListenersDone(host.app);
}

/** Listeners with a delivery of the newest callback. */
async function called(host: Host): Promise<string[]> {
  const { items } = await audit(host).find({ limit: 1 });
  const { deliveries } = (await audit(host).get(items[0]!.id))!;
  return deliveries.map(({ listener, state }) => `${listener} ${state}`);
}

type AnyMethod = (...given: unknown[]) => unknown;

/** As a host's logging or tracing does: another function takes the place of the method. */
function Wrap(seen: string[]) {
  return (_target: object, _key: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = descriptor.value as AnyMethod;
    descriptor.value = async function (this: unknown, ...given: unknown[]) {
      seen.push('wrapped');
      return method.apply(this, given);
    };
  };
}

/** The same by a descriptor of its own. */
function Replace(seen: string[]) {
  return (_target: object, _key: string | symbol, { value }: PropertyDescriptor) => ({
    configurable: true,
    value(this: unknown, ...given: unknown[]): unknown {
      seen.push('wrapped');
      return (value as AnyMethod).apply(this, given);
    },
  });
}

/** The same by a getter, as decorators that bind methods do. */
function Bind(seen: string[]) {
  return (_target: object, _key: string | symbol, { value }: PropertyDescriptor) => ({
    configurable: true,
    get(): unknown {
      return (...given: unknown[]): unknown => {
        seen.push('wrapped');
        return (value as AnyMethod).apply(this, given);
      };
    },
  });
}

describe('a listener method is found and called as it stands', () => {
  it.each([
    ['changes the descriptor', Wrap],
    ['returns another descriptor', Replace],
    ['returns a getter', Bind],
  ])('when a decorator above it %s', async (_case, decorator) => {
    const seen: string[] = [];
    @Injectable()
    class Billing {
      readonly name = 'instance';

      @decorator(seen)
      @OnLiveEvent('*', { id: 'billing' })
      async on(event: LiveEvent) {
        seen.push(`${event.kind} ${this.name}`);
      }
    }
    const host = await scratchHost({ module: { providers: [Billing] } });
    await sendOne(host);
    expect(seen).toEqual(['wrapped', 'screenshot instance']);
    expect(await called(host)).toEqual(['billing done']);
  });

  it('when a decorator stands between two uses', async () => {
    const seen: string[] = [];
    class Twice {
      @OnLiveEvent('*', { id: 'outer' })
      @Wrap(seen)
      @OnLiveEvent('*', { id: 'inner' })
      async on() {}
    }
    const host = await scratchHost({ module: { providers: [Twice] } });
    await sendOne(host);
    expect(seen).toEqual(['wrapped', 'wrapped']);
    expect(await called(host)).toEqual(['inner done', 'outer done']);
  });

  it('when a wrapped one is inherited, and only by the class that has it', async () => {
    const seen: string[] = [];
    class Base {
      @Wrap(seen)
      @OnLiveEvent('*')
      async on() {}
    }
    class Child extends Base {
      @Wrap(seen)
      @OnLiveEvent('*')
      async also() {}
    }
    const host = await scratchHost({ module: { providers: [Base, Child] } });
    await sendOne(host);
    expect(await called(host)).toEqual(['Base.on done', 'Child.also done', 'Child.on done']);
  });

  it('unless a subclass overrides it without the decorator', async () => {
    class Base {
      @Wrap([])
      @OnLiveEvent('*')
      async on() {}
    }
    class Silent extends Base {
      override async on() {}
    }
    const host = await scratchHost({ module: { providers: [Base, Silent] } });
    await sendOne(host);
    expect(await called(host)).toEqual(['Base.on done']);
  });

  it('when its name is a symbol', async () => {
    const name = Symbol('on');
    class Symbolic {
      @OnLiveEvent('*')
      async [name]() {}
    }
    const host = await scratchHost({ module: { providers: [Symbolic] } });
    await sendOne(host);
    expect(await called(host)).toEqual(['Symbolic.Symbol(on) done']);
  });

  it('when a mixin has copied it into another class', async () => {
    class Mixin {
      @OnLiveEvent('*')
      async on() {}
    }
    class Target {}
    Object.defineProperty(
      Target.prototype,
      'on',
      Object.getOwnPropertyDescriptor(Mixin.prototype, 'on')!,
    );
    const host = await scratchHost({ module: { providers: [Target] } });
    await sendOne(host);
    expect(await called(host)).toEqual(['Target.on done']);
  });
});

describe('a module that is loaded later', () => {
  class Lazy {
    @OnLiveEvent('*')
    async on() {}
  }
  @Module({ providers: [Lazy] })
  class LazyModule {}
  const loaderOf = ({ app }: Host) => app.get(LazyModuleLoader, { strict: false });

  it('has its listeners called from then on, and said', async () => {
    const logger = new LogLines();
    const host = await scratchHost({ application: { logger } });
    await sendOne(host);
    expect(await called(host)).toEqual([]);
    await loaderOf(host).load(() => LazyModule);
    await sendOne(host);
    expect(await called(host)).toEqual(['Lazy.on done']);
    await loaderOf(host).load(() => LazyModule);
    expect(logger.of('log').filter((line) => line.includes('Lazy.on'))).toEqual([
      "Listeners of a module that was loaded later: Lazy.on ← '*'. They get what is stored from now on; audit.replay() brings them earlier events.",
    ]);
  });

  it('brings the listeners of what it imports', async () => {
    @Module({ imports: [LazyModule] })
    class OuterModule {}
    const host = await scratchHost();
    await loaderOf(host).load(() => OuterModule);
    await sendOne(host);
    expect(await called(host)).toEqual(['Lazy.on done']);
  });

  it('gets earlier events by a replay', async () => {
    const host = await scratchHost();
    await sendOne(host);
    await loaderOf(host).load(() => LazyModule);
    const why = { reason: 'loaded late', actor: 'ops', listeners: ['Lazy.on'] };
    await audit(host).replay({ kind: 'screenshot' }, why);
    await whenListenersDone(host.app);
    expect(await called(host)).toEqual(['Lazy.on done']);
  });

  it('is waited for when others are loaded meanwhile: no listener runs before it is made', async () => {
    let make = () => {};
    const making = new Promise<void>((resolve) => (make = resolve));
    const seen: string[] = [];
    class Slow {
      constructor(readonly made: string) {}

      @OnLiveEvent('*')
      async on() {
        seen.push(this.made);
      }
    }
    @Module({
      providers: [
        {
          provide: 'MADE',
          useFactory: async () => {
            await making;
            return 'made';
          },
        },
        { provide: Slow, inject: ['MADE'], useFactory: (made: string) => new Slow(made) },
      ],
    })
    class SlowModule {}
    const host = await scratchHost();
    const loading = loaderOf(host).load(() => SlowModule);
    await loaderOf(host).load(() => LazyModule);
    await sendOne(host);
    expect(await called(host)).toEqual(['Lazy.on done']);
    make();
    await loading;
    await sendOne(host);
    expect(await called(host)).toEqual(['Lazy.on done', 'Slow.on done']);
    expect(seen).toEqual(['made']);
  });

  it('is refused in words when its listener depends on the request', async () => {
    @Injectable()
    class Dependent {
      constructor(@Inject(REQUEST) readonly request: object) {}

      @OnLiveEvent('*')
      async on() {}
    }
    @Module({ providers: [Dependent] })
    class DependentModule {}
    const host = await scratchHost();
    await expect(loaderOf(host).load(() => DependentModule)).rejects.toThrow(
      '@OnLiveEvent on Dependent.on: a request-scoped or transient class cannot listen',
    );
    await loaderOf(host).load(() => LazyModule);
    await sendOne(host);
    expect(await called(host)).toEqual(['Lazy.on done']);
  });
});

describe('enhancers on a listener', () => {
  class Roles implements CanActivate {
    canActivate = () => true;
  }
  class Tracing implements NestInterceptor {
    intercept = (_context: ExecutionContext, next: CallHandler) => next.handle();
  }
  const enhancersSaid = async (module: ModuleMetadata) => {
    const logger = new LogLines();
    await scratchHost({ module, application: { logger } });
    return logger.of('warn').filter((line) => line.startsWith('The listener '));
  };

  it('are said at start, in one warning per listener', async () => {
    @UseInterceptors(new Tracing())
    class Orders {
      @UseGuards(Roles)
      @OnLiveEvent('*', { id: 'orders' })
      @UsePipes(ValidationPipe)
      async on() {}
    }
    expect(await enhancersSaid({ providers: [Orders] })).toEqual([
      'The listener orders runs without @UseGuards(Roles) on Orders.on, @UsePipes(ValidationPipe) on Orders.on, @UseInterceptors(Tracing) on Orders: Nest calls them for requests only. Take them off, and do their work in the method or in a decorator that wraps it.',
    ]);
  });

  it('are said when another decorator has wrapped the method', async () => {
    class Orders {
      @Wrap([])
      @UseFilters(new BaseExceptionFilter())
      @OnLiveEvent('*')
      async on() {}
    }
    expect(await enhancersSaid({ providers: [Orders] })).toEqual([
      expect.stringContaining('without @UseFilters(BaseExceptionFilter) on Orders.on:'),
    ]);
  });

  it('are in their place on a controller and on a route', async () => {
    @Controller('host')
    @UseGuards(Roles)
    class HostController {
      @OnLiveEvent('*')
      async on() {}

      @Get()
      @UseInterceptors(Tracing)
      @OnLiveEvent('*')
      async both() {}

      @UseInterceptors(Tracing)
      @OnLiveEvent('*')
      async said() {}
    }
    expect(await enhancersSaid({ controllers: [HostController] })).toEqual([
      expect.stringMatching(
        /^The listener HostController.said runs without @UseInterceptors\(Tracing\) on HostController.said: /,
      ),
    ]);
  });
});

describe('the log says', () => {
  class Orders {
    @OnLiveEvent(['stream-push', 'stream-interrupt'], { id: 'orders' })
    async on(_event: LiveEvent) {}

    @OnLiveEvent('*', { id: 'billing' })
    async bill() {}
  }
  class Pushes {
    @OnLiveEvent('stream-push')
    async on() {}
  }
  const listenerLines = (logger: LogLines) =>
    logger.of('log').filter((line) => line.startsWith('Listeners'));
  const unheard = (logger: LogLines) =>
    logger.of('log').filter((line) => line.startsWith('The kind '));

  it('at start which listeners there are, and for which kinds', async () => {
    const logger = new LogLines();
    await scratchHost({ module: { providers: [Orders] }, application: { logger } });
    expect(listenerLines(logger)).toEqual([
      "Listeners: orders ← stream-push, stream-interrupt; billing ← '*'",
    ]);
  });

  it('that there are none', async () => {
    const logger = new LogLines();
    await scratchHost({ application: { logger } });
    expect(listenerLines(logger)).toEqual([
      'Listeners: none. @OnLiveEvent makes a method of a provider or controller one.',
    ]);
  });

  it('that an intake leaves them to other processes', async () => {
    const logger = new LogLines();
    await scratchHost({
      options: { role: 'intake' },
      module: { providers: [Pushes] },
      application: { logger },
    });
    expect(listenerLines(logger)).toEqual([
      'Listeners, run by other processes: Pushes.on ← stream-push',
    ]);
  });

  it('once what is true of two registrations', async () => {
    const logger = new LogLines();
    const database = { ...(await scratchDatabase()), autoLoadEntities: true };
    const host = await scratchHostWith(
      [
        TypeOrmModule.forRoot(database),
        LiveCallbackModule.forRoot({ keys: KEY, path: 'a', name: 'a' }),
        LiveCallbackModule.forRoot({ keys: KEY, path: 'b', name: 'b' }),
      ],
      { module: { providers: [Pushes] }, application: { logger } },
    );
    for (const path of ['/a', '/b']) {
      await host.send(signCallback(screenshotCallback(), { key: KEY }), path);
    }
    expect(listenerLines(logger)).toEqual(['Listeners: Pushes.on ← stream-push']);
    expect(unheard(logger)).toHaveLength(1);
  });

  it('once that a kind is received and has no listener', async () => {
    const logger = new LogLines();
    const host = await scratchHost({
      module: { providers: [Pushes] },
      application: { logger },
    });
    await sendOne(host, streamPushCallback());
    await sendOne(host, streamPushCallback({ event_type: 4711 }));
    await sendOne(host, screenshotCallback({ stream_id: undefined }));
    expect(unheard(logger)).toEqual([]);
    await sendOne(host);
    await sendOne(host);
    await sendOne(host, streamInterruptCallback());
    expect(unheard(logger)).toEqual(
      ['screenshot', 'stream-interrupt'].map(
        (kind) =>
          `The kind ${kind} is received and has no listener: its callbacks are stored and given to nobody. @OnLiveEvent('${kind}') or @OnLiveEvent('*') would get them.`,
      ),
    );
  });

  it('no such thing of a kind that observers get', async () => {
    const logger = new LogLines();
    const host = await scratchHost({ application: { logger } });
    const bus = host.app.get(LiveEventBus, { strict: false });
    const end = bus.on('screenshot', () => {});
    await sendOne(host);
    end();
    const subscription = bus.observe().subscribe();
    await sendOne(host, streamInterruptCallback());
    subscription.unsubscribe();
    expect(unheard(logger)).toEqual([]);
    await sendOne(host);
    expect(unheard(logger)).toHaveLength(1);
  });
});

describe('@OnLiveEvent is refused', () => {
  it('on a static method', () => {
    expect(() => {
      class Orders {
        @OnLiveEvent('*')
        static on() {}
      }
      return Orders;
    }).toThrow(
      new ListenerError(
        '@OnLiveEvent on Orders.on: a static method cannot listen, because Nest calls methods of providers. Remove "static", and provide Orders in a module.',
      ),
    );
  });

  it('where decorators are compiled to another standard than Nest reads', () => {
    const decorate = OnLiveEvent('*') as unknown as (method: object, context: object) => void;
    expect(() => decorate(() => {}, { kind: 'method', name: 'on', static: false })).toThrow(
      new ListenerError(
        '@OnLiveEvent on on: the decorators of this application are compiled to another standard than Nest reads. Set "experimentalDecorators" and "emitDecoratorMetadata" to true in tsconfig.json, and have the compiler read that.',
      ),
    );
  });

  it('on a property', () => {
    expect(() => {
      class Orders {
        @(OnLiveEvent('*') as PropertyDecorator)
        on = () => {};
      }
      return Orders;
    }).toThrow(
      new ListenerError(
        '@OnLiveEvent on Orders.on: a property cannot listen. Make it a method: async on(event) { … }.',
      ),
    );
  });
});
