/** README and docs/: the front door is short, links lead somewhere, and the tables name what exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { REFUSAL_STATUS } from '../../src/receiving/refusals/refusal.js';
import { eventsTable } from '../support/events-table.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const README = read('README.md');
const RECEIVE = read('docs/receive.md');
const docs = readdirSync(join(ROOT, 'docs'), { encoding: 'utf8', recursive: true }).filter((name) =>
  name.endsWith('.md'),
);
const PAGES = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  ...docs.map((name) => `docs/${name}`),
];

/** What a heading is called in a link, as GitHub makes it. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function leadsNowhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
}

describe('the README', () => {
  it('is a front door, and at most 12 kB', () => {
    expect(Buffer.byteLength(README)).toBeLessThanOrEqual(12_000);
  });

  it('names every kind', () => {
    const kinds = EVENT_DEFINITIONS.map(({ kind }) => kind);
    expect(kinds.filter((kind) => !README.includes(`\`${kind}\``))).toEqual([]);
  });
});

describe('the index of docs/', () => {
  it('leads to every page', () => {
    const index = read('docs/README.md');
    const pages = docs.filter((name) => name !== 'README.md' && !name.includes('/'));
    expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
  });

  it('leads to every page in another language', () => {
    const index = read('docs/README.md');
    const pages = docs.filter((name) => /^[a-z]{2}\//.test(name));
    expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
  });
});

describe('every page', () => {
  it.each(PAGES)('%s links to what exists', (page) => {
    const prose = read(page).replaceAll(/```[\s\S]*?```/g, '');
    const links = [...prose.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
      ([, link = '']) => link,
    );
    expect(links.filter((link) => leadsNowhere(page, link))).toEqual([]);
  });

  it.each(PAGES)('%s names files that exist', (page) => {
    const paths = [...read(page).matchAll(/`((?:src|test)\/[^`*…]+\.ts)`/g)].map(
      ([, path = '']) => path,
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('docs/receive.md', () => {
  it('lists the events of the catalog', () => {
    const [, table] = /<!-- events -->\n\n([\s\S]*?)\n\n<!-- \/events -->/.exec(RECEIVE) ?? [];
    const cells = (text = '') =>
      text.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
    expect(cells(table).filter((row) => !row[1]?.startsWith('--'))).toEqual(
      cells(eventsTable(EVENT_DEFINITIONS)).filter((row) => !row[1]?.startsWith('--')),
    );
  });

  it('lists every reason code of a refusal', () => {
    const [, codes = ''] = /Reason codes: (.*)\./.exec(RECEIVE) ?? [];
    expect(codes.split(', ').toSorted()).toEqual(
      Object.keys(REFUSAL_STATUS)
        .map((code) => `\`${code}\``)
        .toSorted(),
    );
  });
});
