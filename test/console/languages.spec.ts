/** The texts of the console: every language says the same things, with the same gaps, about all there is. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { KINDS } from '../../console/src/kinds.js';
import { MEANINGS } from '../../console/src/meanings.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { REFUSAL_STATUS } from '../../src/receiving/refusals/refusal.js';

type Entry = string | Record<string, string>;

const read = <T>(name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../console/src/languages/${name}.json`, import.meta.url), 'utf8'),
  ) as Record<string, T>;

const english = read<Entry>('en');
const LANGUAGES = ['en', 'zh', 'ja', 'ko'];

/** What is filled in. */
const gaps = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();
const formsOf = (entry: Entry) => (typeof entry === 'string' ? [entry] : Object.values(entry));

describe.each(LANGUAGES)('in %s', (name) => {
  const texts = read<Entry>(name);

  it('there are the texts that there are in English, in the same order', () => {
    expect(Object.keys(texts)).toEqual(Object.keys(english));
  });

  it('each text is filled in by the same values', () => {
    for (const [key, entry] of Object.entries(texts)) {
      const [wanted] = formsOf(english[key] as Entry).map(gaps);
      for (const form of formsOf(entry)) expect([key, gaps(form)]).toEqual([key, wanted]);
    }
  });

  it('no text is empty, and none but a name is left in English', () => {
    const kept = Object.keys(texts).filter(
      (key) => name !== 'en' && JSON.stringify(texts[key]) === JSON.stringify(english[key]),
    );
    expect(kept).toEqual(name === 'en' ? [] : ['filter.path']);
    for (const form of Object.values(texts).flatMap(formsOf)) expect(form.trim()).not.toBe('');
  });

  it('each plural has the forms of its language, and no others', () => {
    const forms = new Intl.PluralRules(name).resolvedOptions().pluralCategories.toSorted();
    const plurals = Object.values(texts).filter((entry) => typeof entry !== 'string');
    expect(plurals.length).toBeGreaterThan(5);
    for (const plural of plurals) expect(Object.keys(plural).toSorted()).toEqual(forms);
  });

  it('there is a name for each kind, and what to do about each refusal', () => {
    const keys = [
      ...KINDS.map((kind) => `kind.${kind}`),
      ...[...Object.keys(REFUSAL_STATUS), 'audit-token'].map((reason) => `refused.${reason}`),
    ];
    expect(keys.filter((key) => !(key in texts))).toEqual([]);
  });
});

it('the kinds of the console are those of the module', () => {
  expect([...KINDS].toSorted()).toEqual([...new EventCatalog().kinds].toSorted());
});

describe.each(['ja', 'ko'])('in %s', (name) => {
  it('there is a text for each meaning of a code and for what to do about it', () => {
    const said = Object.values(MEANINGS).flatMap((table) =>
      table.flatMap(({ en, hint }) => [en, hint.en]),
    );
    expect(Object.keys(read<string>(`meanings.${name}`)).toSorted()).toEqual(
      [...new Set(said)].toSorted(),
    );
  });
});
