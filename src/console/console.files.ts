import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { LiveCallbackConsoleError } from './live-callback-console.error.js';

/** A built file, as it is answered. */
export interface ConsoleFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

/** The files of the console, in memory. */
export interface ConsoleFiles {
  /** The page, in which {@link PLACES} are filled in for each request. */
  readonly page: string;
  readonly assets: ReadonlyMap<string, ConsoleFile>;
}

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const PAGE = 'index.html';
const ASSETS = 'assets';

/** Reads all of them once; they are few and small. */
export function readConsoleFiles(folder = builtFolder()): ConsoleFiles {
  const names = readdirSync(join(folder, ASSETS));
  const assets = new Map(
    names.flatMap((name) => {
      const type = TYPES[extname(name)];
      if (type === undefined) return [];
      const plain = readFileSync(join(folder, ASSETS, name));
      return [[name, { type, plain, gzipped: gzipSync(plain, { level: 9 }) }] as const];
    }),
  );
  return { page: readFileSync(join(folder, PAGE), 'utf8'), assets };
}

/** Upwards from this file, which the builds put in different places of the package. */
function builtFolder(): string {
  let folder = dirname(
    typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url),
  );
  while (folder !== dirname(folder)) {
    const built = join(folder, 'dist', 'console');
    if (existsSync(join(built, PAGE))) return built;
    folder = dirname(folder);
  }
  throw new LiveCallbackConsoleError(
    'The files of the console are not beside the package: a bundle leaves them out, so keep nestjs-live-callback external; in a checkout, npm run build makes them.',
  );
}
