import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { checkHostVersions, installedVersion, SUPPORTED } from '../../src/module/host.versions.js';
import { LiveCallbackVersionError } from '../../src/module/version.error.js';

const check = (versions: Record<string, string | undefined>) => () =>
  checkHostVersions(SUPPORTED, (name) => versions[name]);

const manifestOf = (path: string) =>
  JSON.parse(readFileSync(path, 'utf8')) as { version: string; peerDependencies: object };

describe('The versions of a host', () => {
  it.each([
    ['11.1.4', '0.3.21'],
    ['11.2.10', '0.3.31'],
    ['11.1.4', '1.0.0'],
    ['12.0.0', '0.3.21'],
    ['12.5.1', '1.1.1'],
    ['12.0.0-next.1', '1.0.0-beta.2'],
  ])('fit with @nestjs/core %s and typeorm %s', (core, typeorm) => {
    expect(check({ '@nestjs/core': core, typeorm })).not.toThrow();
  });

  it.each([
    ['@nestjs/core', '10.4.22'],
    ['@nestjs/core', '11.0.21'],
    ['@nestjs/core', '11.1.3'],
    ['@nestjs/core', '13.0.0'],
    ['typeorm', '0.2.45'],
    ['typeorm', '0.3.20'],
    ['typeorm', '0.4.0'],
    ['typeorm', '2.0.0'],
  ])('do not fit with %s %s', (name, version) => {
    const fitting = { '@nestjs/core': '12.5.1', typeorm: '1.1.1' };
    expect(check({ ...fitting, [name]: version })).toThrow(LiveCallbackVersionError);
  });

  it('are named with what is needed and what to install', () => {
    expect(check({ typeorm: '0.3.11' })).toThrow(
      'typeorm 0.3.11 is installed, and nestjs-live-callback needs ^0.3.21 || ^1.0.0. Install one that fits, such as: npm install "typeorm@^1.0.0"',
    );
  });

  it.each([{}, { typeorm: 'workspace' }])(
    'that cannot be read keep no one from starting: %o',
    (versions) => {
      expect(check(versions)).not.toThrow();
    },
  );

  it.each(['@nestjs/bullmq', '@nestjs/core', 'bullmq', 'typeorm'])(
    'are read from the installed package %s',
    (name) => {
      expect(installedVersion(name)).toBe(manifestOf(`node_modules/${name}/package.json`).version);
    },
  );

  it('are unknown where there is no package, as in a bundle', () => {
    expect(installedVersion('@nestjs/not-there')).toBeUndefined();
  });

  it('are those of the peer dependencies', () => {
    expect(manifestOf('package.json').peerDependencies).toMatchObject(SUPPORTED);
  });
});
