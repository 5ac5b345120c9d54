/** What the hosts are made of: each end of the ranges in the peer dependencies, and the tools they use. */
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const nest = (version, typeorm = version) => ({
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  '@nestjs/testing': version,
  '@nestjs/typeorm': typeorm,
});

const used = Object.keys(nest('')).concat('class-transformer', 'class-validator', 'pg');
used.push('reflect-metadata', 'rxjs', 'typeorm', '@types/node');

const NEST_11 = {
  ...nest('^11.1.4', '^11.0.0'),
  'class-transformer': '^0.5.1',
  'class-validator': '^0.14.0',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.0',
  typeorm: '^0.3.21',
  typescript: '^5.9.0',
  '@types/node': '^20.19.0',
};

/**
 * Where a host keeps its tables is its driver. What is `linked` is taken from the repository, since it
 * takes minutes to compile. Trials are in `trials.mjs`; those before `more` are tried with each change.
 */
export const HOSTS = [
  {
    name: 'Nest 12 with TypeORM 1',
    database: 'sqlite',
    packages: {
      ...Object.fromEntries(used.map((name) => [name, manifest.devDependencies[name]])),
      typescript: '^5.9.0',
    },
    linked: ['better-sqlite3', 'bindings', 'file-uri-to-path'],
    trials: ['esm', 'cjs', 'vitest', 'command', 'cost'],
    more: ['jestAsEsm', 'esbuild', 'missing'],
  },
  {
    name: 'Nest 11 with TypeORM 0.3',
    database: 'postgres',
    packages: { ...NEST_11, pg: '^8.5.1' },
    trials: ['cjs', 'jest30', 'types'],
    more: ['esm', 'twin', 'pino', 'esbuild', 'webpack', 'tooOld'],
  },
  {
    name: 'Nest 11 with better-sqlite3 11',
    database: 'sqlite',
    packages: { ...NEST_11, 'better-sqlite3': '^11.0.0' },
    trials: [],
    more: ['cjs', 'esm'],
  },
  {
    name: 'the oldest Nest 11 with the oldest TypeORM',
    database: 'postgres',
    packages: {
      ...nest('11.1.4', '11.0.0'),
      'class-transformer': '0.5.1',
      'class-validator': '0.14.0',
      pg: '8.5.1',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.0',
      typeorm: '0.3.21',
      typescript: '^5.9.0',
      '@types/node': '^20.19.0',
    },
    trials: [],
    more: ['esm', 'cjs', 'jest29'],
  },
];

/** What the trials need beside a host. */
export const TOOLS = {
  vitest: { vitest: manifest.devDependencies.vitest },
  jestAsEsm: { jest: '^30.0.0' },
  jest30: { jest: '^30.0.0' },
  jest29: { jest: '^29.0.0' },
  pino: {
    'nestjs-pino': manifest.devDependencies['nestjs-pino'],
    'pino-http': manifest.devDependencies['pino-http'],
  },
  esbuild: { esbuild: '^0.28.0' },
  webpack: { webpack: '^5.0.0' },
};

/** What npm refuses at first, but only warns of in an application that has the package already. */
export const TOO_OLD = { typeorm: '0.3.20' };
