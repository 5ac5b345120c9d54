import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ownRequire } from '../common/own-require.js';
import { LiveCallbackVersionError } from './version.error.js';

/** Caret ranges of the versions that fit, per package. */
export type SupportedVersions = Readonly<Record<string, string>>;

/**
 * What the module is tried with, as in the peer dependencies of its package. `HttpAdapterHost.init$`,
 * where bodies are read before a parser of the host, is there from Nest 11.1.4.
 */
export const SUPPORTED: SupportedVersions = {
  '@nestjs/core': '^11.1.4 || ^12.0.0',
  typeorm: '^0.3.21 || ^1.0.0',
};

/** Finds the version of an installed package; undefined where it cannot be known. */
export type VersionReader = (name: string) => string | undefined;

/**
 * Looks at the versions that the host has installed. pnpm, and npm with `--force` or in a tree that
 * is installed already, only warn of peers that do not fit, and such a host answers callbacks but
 * takes up nothing after a crash.
 *
 * @throws LiveCallbackVersionError for the first package whose version is not supported
 */
export function checkHostVersions(
  supported: SupportedVersions = SUPPORTED,
  read: VersionReader = installedVersion,
): void {
  for (const [name, range] of Object.entries(supported)) {
    const version = read(name);
    if (version !== undefined && !isWithin(version, range)) {
      throw new LiveCallbackVersionError(name, version, range);
    }
  }
}

/**
 * Undefined in a bundle, which has no packages: what cannot be read must not keep an application
 * from starting. The manifest is looked for upwards from the code, because not all export it.
 */
export function installedVersion(name: string): string | undefined {
  try {
    const require = ownRequire();
    let folder = dirname(require.resolve(name));
    while (folder !== dirname(folder)) {
      const path = join(folder, 'package.json');
      const manifest = existsSync(path) ? (require(path) as Manifest) : {};
      if (manifest.name === name) return manifest.version;
      folder = dirname(folder);
    }
  } catch {
    // As unknown as one that is not found.
  }
  return undefined;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
}

/** Whether a version is in one of some caret ranges; one that has no numbers counts as unknown. */
function isWithin(version: string, range: string): boolean {
  const found = partsOf(version);
  return !found || range.split(' || ').some((caret) => fits(found, partsOf(caret)!));
}

type Parts = readonly [number, number, number];

function partsOf(text: string): Parts | undefined {
  const [, major, minor, patch] = /^\^?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** The first number that is not 0 is the same, and the rest not lower. */
function fits([major, minor, patch]: Parts, [leastMajor, leastMinor, leastPatch]: Parts): boolean {
  if (major !== leastMajor) return false;
  if (minor !== leastMinor) return major > 0 && minor > leastMinor;
  return patch >= leastPatch;
}
