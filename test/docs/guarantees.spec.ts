/** The guarantees name the tests that show them: each of these exists. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8');

/** The rows of the table of faults: what goes wrong, and the tests that are named for it. */
const rows = TEXT.split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-|What goes wrong)/.test(line))
  .map((line) => {
    const [, fault = '', , tests = ''] = line.split('|').map((cell) => cell.trim());
    return { fault, tests: [...tests.matchAll(/`(test\/[^`]+\.spec\.ts)`: `([^`]+)`/g)] };
  });

describe('the table of faults', () => {
  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(new Set(rows.map(({ fault }) => fault)).size).toBe(rows.length);
  });

  it.each(rows)('names tests that exist: $fault', ({ fault, tests }) => {
    expect(fault).not.toBe('');
    expect(tests.length).toBeGreaterThan(0);
    for (const [, file = '', title = ''] of tests) {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const quoted = [`'${title}'`, `"${title}"`, `\`${title}\``];
      const isThere = quoted.some((text) => source.includes(text));
      expect({ file, title, isThere }).toEqual({ file, title, isThere: true });
    }
  });
});

describe('the table of findings in SECURITY.md', () => {
  const security = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
  const named = [...security.matchAll(/`(test\/[^`]+\.spec\.ts)`: `([^`]+)`/g)];

  it.each(named.map(([, file = '', title = '']) => ({ file, title })))(
    'names tests that exist: $title',
    ({ file, title }) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const quoted = [`'${title}'`, `"${title}"`, `\`${title}\``];
      expect(quoted.some((text) => source.includes(text))).toBe(true);
    },
  );

  it('names one for every row', () => {
    const found = security.split('## What was found')[1]!.match(/^\| (?!-|Finding)/gm) ?? [];
    expect(found.length).toBeGreaterThan(25);
    expect(named.length).toBeGreaterThanOrEqual(found.length);
  });
});

describe('the text of the guarantees', () => {
  it('names files and folders of the repository that exist', () => {
    const paths = [...TEXT.matchAll(/`((?:test|src|docs)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
