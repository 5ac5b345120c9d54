import {
  Module,
  type DynamicModule,
  type INestApplication,
  type ModuleMetadata,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { DataSourceOptions } from 'typeorm';

import { LiveCallbackModule, type LiveCallbackModuleOptions } from '../../src/index.js';
import type { SignedCallback } from '../../src/testing/index.js';

export const KEY = 'KeyForDocs2026abcd';

/** The HTTP adapters that every HTTP suite runs on. */
export const ADAPTERS = ['express', 'fastify'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

export interface StartOptions {
  adapter?: AdapterName;
  database: DataSourceOptions;
  options?: Partial<LiveCallbackModuleOptions>;
  module?: ModuleMetadata;
  /** What the host does between create and listen. */
  configure?: (app: INestApplication) => void | Promise<void>;
  application?: NestApplicationOptions;
  /** To come back where an earlier host was. Default: any free port. */
  port?: number;
}

/** A running host application. */
export interface Host {
  readonly app: INestApplication;
  readonly url: string;
  post(path: string, request: RequestInit): Promise<Answer>;
  send(callback: SignedCallback, path?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export function newAdapter(adapter: AdapterName) {
  return adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
}

/** Starts a host that imports the module with its own connection options. */
export function startHost(start: StartOptions): Promise<Host> {
  const live = LiveCallbackModule.forRoot({
    keys: KEY,
    database: start.database,
    ...start.options,
  });
  return startWith([live], start);
}

/** Starts a host with the given imports. */
export async function startWith(
  imports: NonNullable<ModuleMetadata['imports']>,
  {
    adapter = 'fastify',
    module = {},
    configure,
    application,
    port = 0,
  }: Omit<StartOptions, 'database'>,
): Promise<Host> {
  class HostModule {}
  const hostModule: DynamicModule = {
    module: HostModule,
    ...module,
    imports: [...imports, ...(module.imports ?? [])],
  };
  Module({})(HostModule);
  const app = await NestFactory.create<NestExpressApplication>(
    hostModule,
    newAdapter(adapter) as ExpressAdapter,
    { logger: false, abortOnError: false, forceCloseConnections: true, ...application },
  );
  try {
    await configure?.(app);
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    await app.close().catch(() => {});
    throw error;
  }
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const post = async (path: string, request: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, { method: 'POST', ...request });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return {
    app,
    url,
    post,
    send: ({ headers, body }, path = '/live-callback') => post(path, { headers, body }),
    close: () => app.close(),
  };
}
