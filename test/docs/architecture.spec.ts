/** docs/architecture.md names files that exist; the way of a callback stays short, and so does every file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const TEXT = readFileSync('docs/architecture.md', 'utf8');
/** Files of the way of a callback, at most. */
const FILES = 30;
/** Lines of these files, at most. */
const LINES = 3_000;

/** Lines of one file of src, at most. */
const LINES_OF_A_FILE = 300;

/** Where a file is looked for that the page names without all of its folders. */
const FOLDERS = ['src', 'test', 'console/src', 'bench', 'docs'];

const way = [...TEXT.split('way -->')[1]!.matchAll(/`(src\/[\w./-]+\.ts)`/g)].map(
  ([, file]) => file!,
);

describe('the way of a callback', () => {
  it('is a list of files that exist, each once', () => {
    expect(way.length).toBeGreaterThan(20);
    expect(way.filter((file) => !existsSync(file))).toEqual([]);
    expect(new Set(way).size).toBe(way.length);
  });

  it('has a bound of files and lines', () => {
    const lines = way.map(linesOf);
    expect(way.length).toBeLessThanOrEqual(FILES);
    expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(LINES);
  });
});

it('no file of src has more lines than one reads at once', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  expect(files.length).toBeGreaterThan(300);
  expect(files.filter((file) => linesOf(file) > LINES_OF_A_FILE)).toEqual([]);
});

it('every file and folder that the page names exists', () => {
  const named = [...TEXT.matchAll(/`((?:src|test|docs|\.oxlint)\/[\w./-]+)`/g)].map(
    ([, path]) => path!,
  );
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

it('every file exists that the page names without all of its folders', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const named = [...TEXT.matchAll(/`([\w./-]+\.(?:tsx?|m?js|json|md))`/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(100);
  const isThere = (name: string) =>
    existsSync(name) || files.some((file) => file.endsWith(`/${name}`));
  expect(named.filter((name) => !isThere(name))).toEqual([]);
});

function linesOf(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1;
}
