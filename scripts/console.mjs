/**
 * Builds the page of the console, and says what it weighs: what a browser loads before it shows anything,
 * and what the package carries.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build, loadConfigFromFile } from 'vite';

const CONFIG = resolve(import.meta.dirname, '../console/vite.config.ts');
const LANGUAGE = /^(?:en|zh|ja|ko)-/;

const kB = (bytes) => (bytes / 1000).toFixed(1);

/** @param target a folder, in which other files may be */
export async function buildConsole(target) {
  const { config } = await loadConfigFromFile({ command: 'build', mode: 'production' }, CONFIG);
  await build({
    ...config,
    configFile: false,
    build: { ...config.build, outDir: target, emptyOutDir: false },
  });
  const { files, firstLoad, all } = weigh(target);
  process.stdout.write(
    `The console: ${files.length} files, ${kB(firstLoad)} kB at first, ${kB(all)} kB in all (gzip).\n`,
  );
}

/** Bytes after gzip: of the page and what it names, with the largest language; and of everything. */
export function weigh(target) {
  const assets = join(target, 'assets');
  const page = readFileSync(join(target, 'index.html'));
  const files = readdirSync(assets).map((name) => {
    return { name, size: gzipSync(readFileSync(join(assets, name)), { level: 9 }).length };
  });
  const sum = (some) => some.reduce((total, { size }) => total + size, gzipSync(page).length);
  const named = files.filter(({ name }) => page.includes(name));
  const languages = files.filter(({ name }) => LANGUAGE.test(name));
  const largest = languages.toSorted((a, b) => b.size - a.size)[0];
  return { files, firstLoad: sum([...named, ...(largest ? [largest] : [])]), all: sum(files) };
}
