import { setImmediate } from 'node:timers/promises';

import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { LiveCallbackOptionsError } from '../options/option.error.js';
import { LIVE_CALLBACK_ENTITIES } from '../storage/entities/index.js';
import { StorageSetupError } from '../storage/storage.error.js';

/**
 * Lets a provider, whose first dependency is the DataSource of the host, say what to write where there is
 * none. Nest would name a token and a repository.
 */
export function withHostDataSource(
  { inject: [token, ...others] = [], useFactory, ...provider }: FactoryProvider,
  name: string | undefined,
): FactoryProvider {
  return {
    ...provider,
    inject: [{ token: token as string, optional: true }, ModulesContainer, ...others],
    useFactory: async (host: DataSource | undefined, modules: ModulesContainer, ...rest) =>
      useFactory(host ?? (await absent(modules, name)), ...rest) as unknown,
  };
}

/** The entities for `@InjectRepository`, on the DataSource of the host. */
export function hostEntities(name: string | undefined): DynamicModule {
  const { providers = [], ...entities } = TypeOrmModule.forFeature(
    [...LIVE_CALLBACK_ENTITIES],
    name,
  );
  const named = providers.map((it) => withHostDataSource(it as FactoryProvider, name));
  return { ...entities, providers: named, exports: named };
}

async function absent(modules: ModulesContainer, name: string | undefined): Promise<never> {
  const token = getDataSourceToken(name);
  if ([...modules.values()].some(({ providers }) => providers.has(token))) {
    // It is there and has failed: its own error comes first.
    await setImmediate();
    throw new StorageSetupError('The DataSource of the application could not be made.');
  }
  throw name === undefined
    ? new LiveCallbackOptionsError(
        'database',
        'is left out, and no TypeOrmModule has a DataSource: write database: { type: "better-sqlite3", database: "data/live-callback.db" }, or import TypeOrmModule.forRoot({ …, autoLoadEntities: true }).',
      )
    : new LiveCallbackOptionsError(
        'dataSource',
        `names "${name}", and no TypeOrmModule has a DataSource of that name: import TypeOrmModule.forRoot({ name: "${name}", …, autoLoadEntities: true }).`,
      );
}
