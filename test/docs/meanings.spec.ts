/** docs/meanings.md and its translations: their tables are those of the module and the console. */
import 'reflect-metadata';
import { describe, expect, it } from 'vitest';

import { withMeaningsTables } from '../support/meanings-tables.js';
import { readPage } from '../support/translations.js';

const PAGES = [
  { language: 'en', page: 'docs/meanings.md' },
  { language: 'zh', page: 'docs/zh/meanings.md' },
  { language: 'ja', page: 'docs/ja/meanings.md' },
  { language: 'ko', page: 'docs/ko/meanings.md' },
] as const;

/** Without the widths that prettier gives to the columns. */
const cells = (page: string) =>
  page
    .split('\n')
    .filter((line) => !line.startsWith('| -'))
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe.each(PAGES)('$page', ({ language, page }) => {
  it('says of each kind and code what the module and the console say', () => {
    const written = readPage(page);
    expect(cells(written)).toEqual(cells(withMeaningsTables(written, language)));
  });

  it('says something in each cell', () => {
    const empty = readPage(page)
      .split('\n')
      .filter((line) => /\|\s*\|/.test(line));
    expect(empty).toEqual([]);
  });
});
