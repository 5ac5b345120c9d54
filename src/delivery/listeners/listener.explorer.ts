import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, LazyModuleLoader, ModuleRef, ModulesContainer } from '@nestjs/core';

import { EventCatalog } from '../../events/event-catalog.js';
import { SESSION_EVENT_KINDS, isSessionKind } from '../../events/session-event.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { idleEnhancers } from './listener.enhancers.js';
import { ListenerError } from './listener.error.js';
import { resolveListenerOptions } from './listener.options.js';
import { ListenerRegistry, type Listener } from './listener.registry.js';
import { isNews } from './once-per-application.js';
import { onLiveEventMetadata, type OnLiveEventMetadata } from './on-live-event.decorator.js';

/** Longest listener id: it is part of the primary key of its delivery rows. */
const MAX_ID_LENGTH = 190;

type Module = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the methods marked with `@OnLiveEvent` and registers them, once per instance. */
@Injectable()
export class ListenerExplorer implements OnModuleInit {
  private readonly logger = new Logger('LiveCallback');
  /** Wrappers and instances that were looked at. */
  private readonly seen = new WeakSet<object>();
  private hasStarted = false;
  /** Listeners of other registrations, and the names of these. */
  private readonly elsewhere = new Map<string, string>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly modules: ModulesContainer,
    private readonly registry: ListenerRegistry,
    private readonly config: LiveCallbackConfig,
    loader: LazyModuleLoader,
  ) {
    this.watch(loader);
  }

  /** @throws ListenerError for an unusable listener; the message says the fix */
  onModuleInit(): void {
    this.hasStarted = true;
    const found = this.explore([...this.modules.values()]);
    this.warnOfStrangers();
    const where = this.config.role === 'intake' ? 'Listeners, run by other processes' : 'Listeners';
    this.say(
      'log',
      found.length > 0
        ? `${where}: ${listed(found)}`
        : 'Listeners: none. @OnLiveEvent makes a method of a provider or controller one.',
    );
  }

  /** Nest calls no hook of what is loaded later, and tells nobody of it. */
  private watch(loader: LazyModuleLoader): void {
    const load = loader.load.bind(loader);
    loader.load = async (...given) => {
      const loaded = await load(...given);
      const found = this.hasStarted ? this.explore(this.reachedFrom(loaded)) : [];
      if (found.length > 0) {
        this.say(
          'log',
          `Listeners of a module that was loaded later: ${listed(found)}. They get what is stored from now on; audit.replay() brings them earlier events.`,
        );
      }
      return loaded;
    };
  }

  /** A loaded module and what it imports. Others may be in the making, by another load. */
  private reachedFrom(loaded: ModuleRef): Module[] {
    const reached = new Set(
      [...this.modules.values()].filter(({ providers }) => {
        return providers.get(ModuleRef)?.instance === loaded;
      }),
    );
    for (const module of reached) for (const imported of module.imports) reached.add(imported);
    return [...reached];
  }

  /** @returns the listeners that were not known before */
  private explore(modules: Module[]): Listener[] {
    const found: Listener[] = [];
    const providers = this.discovery.getProviders({}, modules);
    for (const wrapper of [...providers, ...this.discovery.getControllers({}, modules)]) {
      if (this.seen.has(wrapper)) continue;
      this.seen.add(wrapper);
      const prototype = prototypeOf(wrapper);
      if (!prototype) continue;
      for (const [method, metadata] of markedMethods(prototype)) {
        const instance = staticInstanceOf(wrapper, method);
        if (this.seen.has(instance)) break; // an alias: registered under its other token
        for (const use of metadata) {
          const { registration = this.config.name } = use;
          const place = `${instance.constructor.name}.${String(method)}`;
          if (registration === this.config.name) found.push(this.register(instance, method, use));
          else this.elsewhere.set(place, registration);
        }
      }
      if (isObject(wrapper.instance)) this.seen.add(wrapper.instance);
    }
    return found;
  }

  private say(level: 'log' | 'warn', text: string): void {
    if (isNews(this.modules, text)) this.logger[level](text);
  }

  /** Of all registrations: a listener may wait for a kind that another one has. */
  private knownKinds(): readonly string[] {
    const catalogs = [...this.modules.values()].flatMap(
      ({ providers }) => (providers.get(EventCatalog)?.instance as EventCatalog | undefined) ?? [],
    );
    const kinds = catalogs.flatMap((catalog) => catalog.kinds);
    const hasSessions = this.configs().some(({ sessions }) => sessions !== null);
    return [...new Set([...kinds, ...(hasSessions ? SESSION_EVENT_KINDS : [])])];
  }

  private configs(): LiveCallbackConfig[] {
    return [...this.modules.values()].flatMap(({ providers }) => {
      const config = providers.get(LiveCallbackConfig)?.instance as LiveCallbackConfig | undefined;
      return config ? [config] : [];
    });
  }

  /** Other processes may have the registration, so it is no error. */
  private warnOfStrangers(): void {
    const names = this.configs().map(({ name }) => name);
    for (const [place, name] of this.elsewhere) {
      if (names.includes(name)) continue;
      this.say(
        'warn',
        `The listener ${place} is for the registration "${name}", which this application does not import; it has ${names.join(', ')}.`,
      );
    }
  }

  private register(instance: object, method: PropertyKey, use: OnLiveEventMetadata): Listener {
    const { patterns, method: decorated, ...settings } = use;
    const place = `${instance.constructor.name}.${String(method)}`;
    const id = settings.id ?? place;
    const known = this.knownKinds();
    const stranger = patterns.find((pattern) => pattern !== '*' && !known.includes(pattern));
    if (stranger !== undefined && isSessionKind(stranger)) {
      throw new ListenerError(
        `@OnLiveEvent on ${place} names "${stranger}", and there are no sessions: LiveCallbackModule.forRoot({ …, sessions: {} }) turns them on.`,
      );
    }
    if (stranger !== undefined) {
      throw new ListenerError(
        `@OnLiveEvent on ${place} names the unknown kind "${stranger}". Known kinds: '*', ${known.join(', ')}.`,
      );
    }
    if (id.length > MAX_ID_LENGTH || !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(id)) {
      throw new ListenerError(
        `@OnLiveEvent on ${place} has the id "${id}". Give it one of 1 to ${MAX_ID_LENGTH} printable ASCII characters: @OnLiveEvent(…, { id: 'orders' }).`,
      );
    }
    if (this.registry.get(id)) {
      throw new ListenerError(
        `Two listeners have the id "${id}"; the second is ${place}. Give one of them its own: @OnLiveEvent(…, { id: '…' }), and provide a listener class in one module only.`,
      );
    }
    const handler = instance as Record<PropertyKey, Listener['handle']>;
    const listener: Listener = {
      id,
      patterns: new Set(patterns),
      options: resolveListenerOptions(place, settings),
      handle: (event, context) => handler[method]!(event, context),
    };
    this.registry.add(listener);
    const type = instance.constructor;
    const idle = idleEnhancers(type, [handler[method], decorated].filter(isFunction), place);
    if (idle.length > 0) {
      this.say(
        'warn',
        `The listener ${id} runs without ${idle.join(', ')}: Nest calls them for requests only. Take them off, and do their work in the method or in a decorator that wraps it.`,
      );
    }
    return listener;
  }
}

/** Such as `orders ← stream-push, stream-interrupt; billing ← '*'`. */
function listed(listeners: readonly Listener[]): string {
  return listeners
    .map(({ id, patterns }) => {
      const kinds = [...patterns].map((pattern) => (pattern === '*' ? "'*'" : pattern));
      return `${id} ← ${kinds.join(', ')}`;
    })
    .join('; ');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isFunction(value: unknown): value is Listener['handle'] {
  return typeof value === 'function';
}

/** Where the methods of a provider are: request-scoped ones have a class but no instance yet. */
function prototypeOf(wrapper: InstanceWrapper): object | null | undefined {
  const { instance, metatype } = wrapper as { instance: unknown; metatype: unknown };
  if (isObject(instance)) {
    return Object.getPrototypeOf(instance) as object | null;
  }
  const isClass = typeof metatype === 'function' && !wrapper.inject;
  return isClass ? (metatype.prototype as object | undefined) : undefined;
}

/** Own and inherited methods that carry the decorator, those of the class itself first. */
function markedMethods(prototype: object): [PropertyKey, readonly OnLiveEventMetadata[]][] {
  const marked = new Map<PropertyKey, readonly OnLiveEventMetadata[]>();
  let level: object | null = prototype;
  while (level && level !== Object.prototype) {
    for (const key of Reflect.ownKeys(level)) {
      if (!marked.has(key)) marked.set(key, onLiveEventMetadata(level, key));
    }
    level = Object.getPrototypeOf(level) as object | null;
  }
  return [...marked].filter(([, uses]) => uses.length > 0);
}

function staticInstanceOf(wrapper: InstanceWrapper, method: PropertyKey): object {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return wrapper.instance as object;
  throw new ListenerError(
    `@OnLiveEvent on ${wrapper.name}.${String(method)}: a request-scoped or transient class cannot listen, because events arrive outside requests. Make ${wrapper.name} a singleton, or move the method to one.`,
  );
}
