/** Translations have the sections, code, figures and links of the English pages, and are of their day. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  LANGUAGES,
  readPage,
  sectionsOf,
  SOURCES_PATH,
  sourceDigests,
  TRANSLATED,
} from '../support/translations.js';

const PAIRS = Object.entries(TRANSLATED).flatMap(([source, name]) =>
  LANGUAGES.map((language) => ({ source, language, translation: `docs/${language}/${name}` })),
);

/** Numbers that English writes as words and another language may write in figures: 十分 is also "enough". */
const WORDS = [
  [/\bten\b/, '10'],
  [/\btwelve\b/, '12'],
  [/\bhalf an hour\b/, '30'],
  [/\bquarter of an hour\b/, '15'],
] as const;

const CODE = /```[\s\S]*?```/g;
const withoutCode = (text: string) => text.replaceAll(CODE, '');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([found]) => found);

/** Where the links of a page lead, seen from the root. */
function linksOf(page: string, text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\((?!https?:)([^)\s#]+)/g)];
  return links.map(([, link = '']) => posix.join(posix.dirname(page), link));
}

/** Where they lead in English; those between languages left out. */
function targetsOf(page: string, text: string): string[] {
  return linksOf(page, text)
    .filter((target) => !/^(?:docs\/(?:zh|ja|ko)\/)?README\.md$/.test(target))
    .map((target) => target.replace(/^docs\/(?:zh|ja|ko)\//, 'docs/'))
    .toSorted();
}

it('translations were made from what the English pages say now', () => {
  const recorded: unknown = JSON.parse(readFileSync(SOURCES_PATH, 'utf8'));
  expect(
    sourceDigests(),
    'an English section has changed: change its translations, then run npm run docs:translated',
  ).toEqual(recorded);
});

describe.each(PAIRS)('$translation', ({ source, language, translation }) => {
  const english = readPage(source);
  const translated = readPage(translation);
  const sections = sectionsOf(english).map((text, index) => ({
    title: text.slice(0, text.indexOf('\n')),
    text,
    other: sectionsOf(translated)[index] ?? '',
  }));

  it('has the headings of the English page', () => {
    const levels = (text: string) => all(withoutCode(text), /^#+ /gm);
    expect(levels(translated)).toEqual(levels(english));
  });

  it.each(sections)('has the code of "$title"', ({ text, other }) => {
    expect(all(other, CODE)).toEqual(all(text, CODE));
    const spans = (of: string) => all(withoutCode(of), /`[^`\n]+`/g).toSorted();
    expect(spans(other)).toEqual(spans(text));
  });

  it.each(sections)('has the figures of "$title"', ({ text, other }) => {
    const prose = (of: string) => withoutCode(of).replaceAll(/`[^`\n]+`/g, '');
    const figures = (of: string) => all(prose(of), /\d[\d.,]*\d|\d{2,}/g);
    const inWords = WORDS.filter(([word]) => word.test(prose(text))).map(([, figure]) => figure);
    const known = new Set<string>([...figures(text), ...inWords]);
    expect(figures(other).filter((figure) => !known.has(figure))).toEqual([]);
    expect(figures(other)).toEqual(expect.arrayContaining(figures(text)));
  });

  it('has as many rows in its tables', () => {
    const rows = (text: string) => all(withoutCode(text), /^\|/gm).length;
    expect(rows(translated)).toBe(rows(english));
  });

  it('links to what the English page links to', () => {
    expect(targetsOf(translation, translated)).toEqual(targetsOf(source, english));
  });

  it('leads to no English page that its language has', () => {
    const left = linksOf(translation, translated).filter((target) =>
      PAIRS.some((pair) => pair.source === target && pair.language === language),
    );
    // The line of languages at the head of the README leads to the English one.
    expect(left.filter((target) => target !== 'README.md')).toEqual([]);
  });
});
