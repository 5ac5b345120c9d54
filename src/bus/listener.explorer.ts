import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';

import { EventCatalog } from '../events/index.js';
import { ListenerError } from './listener.error.js';
import { resolveListenerOptions } from './listener.options.js';
import { ListenerRegistry, type Listener } from './listener.registry.js';
import { onLiveEventMetadata, type OnLiveEventMetadata } from './on-live-event.decorator.js';

/** Longest listener id: it is part of the primary key of its delivery rows. */
const MAX_ID_LENGTH = 190;

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the methods marked with `@OnLiveEvent` and registers them, once per instance. */
@Injectable()
export class ListenerExplorer implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModulesContainer,
    private readonly registry: ListenerRegistry,
  ) {}

  /** @throws ListenerError for an unusable listener; the message says the fix */
  onModuleInit(): void {
    const seen = new Set<object>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = prototypeOf(wrapper);
      if (!prototype) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const metadata = onLiveEventMetadata(prototype[method] as object);
        if (metadata.length === 0) continue;
        const instance = staticInstanceOf(wrapper, method);
        if (seen.has(instance)) break; // an alias: registered under its other token
        for (const use of metadata) this.register(instance, method, use);
      }
      if (wrapper.instance) seen.add(wrapper.instance as object);
    }
  }

  /** Of all registrations: a listener may wait for a kind that another one has. */
  private knownKinds(): readonly string[] {
    const catalogs = [...this.modules.values()].flatMap(
      ({ providers }) => (providers.get(EventCatalog)?.instance as EventCatalog | undefined) ?? [],
    );
    return [...new Set(catalogs.flatMap(({ kinds }) => kinds))];
  }

  private register(instance: object, method: string, use: OnLiveEventMetadata): void {
    const { patterns, ...settings } = use;
    const place = `${instance.constructor.name}.${method}`;
    const id = settings.id ?? place;
    const known = this.knownKinds();
    const stranger = patterns.find((pattern) => pattern !== '*' && !known.includes(pattern));
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
    const handler = instance as Record<string, Listener['handle']>;
    this.registry.add({
      id,
      patterns: new Set(patterns),
      options: resolveListenerOptions(place, settings),
      handle: (event, context) => handler[method]?.(event, context),
    });
  }
}

/** Where the methods of a provider are: request-scoped ones have a class but no instance yet. */
function prototypeOf(wrapper: InstanceWrapper): Record<string, unknown> | undefined {
  const { instance, metatype } = wrapper as { instance: unknown; metatype: unknown };
  if (typeof instance === 'object' && instance !== null) {
    return Object.getPrototypeOf(instance) as Record<string, unknown>;
  }
  const isClass = typeof metatype === 'function' && !wrapper.inject;
  return isClass ? (metatype.prototype as Record<string, unknown> | undefined) : undefined;
}

function staticInstanceOf(wrapper: InstanceWrapper, method: string): object {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return wrapper.instance as object;
  throw new ListenerError(
    `@OnLiveEvent on ${wrapper.name}.${method}: a request-scoped or transient class cannot listen, because events arrive outside requests. Make ${wrapper.name} a singleton, or move the method to one.`,
  );
}
