import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';

import type en from './languages/en.json';

/** Texts by key; one with a number in it has a form for each plural of its language. */
export type Texts = Record<keyof typeof en, string | Partial<Record<Intl.LDMLPluralRule, string>>>;
export type TextKey = keyof typeof en;

export const LANGUAGES = { en: 'English', zh: '中文', ja: '日本語', ko: '한국어' } as const;
export type LanguageName = keyof typeof LANGUAGES;

const LOADERS: Record<LanguageName, () => Promise<{ default: unknown }>> = {
  en: () => import('./languages/en.json'),
  zh: () => import('./languages/zh.json'),
  ja: () => import('./languages/ja.json'),
  ko: () => import('./languages/ko.json'),
};
const LOCALES: Record<LanguageName, string> = {
  en: 'en-GB',
  zh: 'zh-CN',
  ja: 'ja-JP',
  ko: 'ko-KR',
};
/** What people choose is kept; nothing else is. */
const KEPT = 'live-callback-console.language';

/** How things are said in a language. */
export class Language {
  private readonly plurals: Intl.PluralRules;
  private readonly numbers: Intl.NumberFormat;
  private readonly moments: Intl.DateTimeFormat;
  private readonly ages: Intl.RelativeTimeFormat;

  constructor(
    readonly name: LanguageName,
    private readonly texts: Texts,
  ) {
    const locale = LOCALES[name];
    this.plurals = new Intl.PluralRules(locale);
    this.numbers = new Intl.NumberFormat(locale);
    this.moments = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
    this.ages = new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: 'always' });
  }

  /** A text, with `{name}` filled in; `count` chooses its plural. */
  say(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
    const entry = this.texts[key];
    const text =
      typeof entry === 'string'
        ? entry
        : (entry[this.plurals.select(Number(values['count']))] ?? entry.other ?? key);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? this.number(value) : value;
    });
  }

  /** A text that may not be there, such as the name of a kind that the host has made. */
  sayIfKnown(key: string): string | undefined {
    const entry = (this.texts as Record<string, unknown>)[key];
    return typeof entry === 'string' ? entry : undefined;
  }

  number(value: number): string {
    return this.numbers.format(value);
  }

  moment(at: string | Date): string {
    return this.moments.format(new Date(at));
  }

  /** How long ago, or in how long. */
  age(at: string | Date, now: number): string {
    const seconds = (new Date(at).getTime() - now) / 1000;
    const size = Math.abs(seconds);
    if (size < 90) return this.ages.format(Math.round(seconds), 'second');
    if (size < 5400) return this.ages.format(Math.round(seconds / 60), 'minute');
    if (size < 129_600) return this.ages.format(Math.round(seconds / 3600), 'hour');
    return this.ages.format(Math.round(seconds / 86_400), 'day');
  }

  /** A length of time. */
  duration(ms: number): string {
    const locale = LOCALES[this.name];
    const unit = (value: number, of: string, digits = 0) =>
      new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: of,
        unitDisplay: 'short',
        maximumFractionDigits: digits,
      }).format(value);
    if (ms < 1_000) return unit(ms, 'millisecond');
    if (ms < 90_000) return unit(ms / 1_000, 'second', 1);
    if (ms < 5_400_000) return unit(ms / 60_000, 'minute', 1);
    if (ms < 129_600_000) return unit(ms / 3_600_000, 'hour', 1);
    return unit(ms / 86_400_000, 'day', 1);
  }
}

const LanguageContext = createContext<Language | undefined>(undefined);

export function useLanguage(): Language {
  return useContext(LanguageContext) as Language;
}

/** The language that was chosen before, or else the first of the browser's that there is. */
function initialLanguage(): LanguageName {
  const wanted = [localStorage.getItem(KEPT) ?? '', ...navigator.languages];
  const names = wanted.map((it) => it.slice(0, 2).toLowerCase());
  return (names.find((it) => it in LANGUAGES) as LanguageName | undefined) ?? 'en';
}

interface Choice {
  readonly name: LanguageName;
  readonly choose: (name: LanguageName) => void;
}

const ChoiceContext = createContext<Choice>({ name: 'en', choose: () => {} });

export const useLanguageChoice = (): Choice => useContext(ChoiceContext);

/** Loads the texts of one language at a time; shows nothing before they are there. */
export function Languages({ children }: { children: ComponentChildren }) {
  const [name, setName] = useState(initialLanguage);
  const [language, setLanguage] = useState<Language>();
  useEffect(() => {
    let isCurrent = true;
    const load = async () => {
      const { default: texts } = await LOADERS[name]();
      if (!isCurrent) return;
      document.documentElement.lang = LOCALES[name];
      setLanguage(new Language(name, texts as Texts));
    };
    void load();
    return () => {
      isCurrent = false;
    };
  }, [name]);
  const choice = useMemo(
    () => ({
      name,
      choose: (next: LanguageName) => {
        localStorage.setItem(KEPT, next);
        setName(next);
      },
    }),
    [name],
  );
  if (!language) return null;
  return (
    <ChoiceContext.Provider value={choice}>
      <LanguageContext.Provider value={language}>{children}</LanguageContext.Provider>
    </ChoiceContext.Provider>
  );
}
