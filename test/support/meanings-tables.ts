import { readFileSync } from 'node:fs';

import { MEANINGS } from '../../console/src/meanings.js';
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';

export type PageLanguage = 'en' | 'zh' | 'ja' | 'ko';

const HEADS = {
  en: { kind: 'Kind', name: 'Name', code: 'Code', meaning: 'Meaning', hint: 'What to do' },
  zh: { kind: '类型', name: '名称', code: '取值', meaning: '含义', hint: '处理建议' },
  ja: { kind: '種類', name: '名前', code: '値', meaning: '意味', hint: '対処' },
  ko: { kind: '종류', name: '이름', code: '값', meaning: '의미', hint: '조치' },
} as const;

const textsOf = (file: string) =>
  JSON.parse(
    readFileSync(new URL(`../../console/src/languages/${file}.json`, import.meta.url), 'utf8'),
  ) as Record<string, string>;

const asTable = (rows: readonly (readonly string[])[]) =>
  [rows[0] ?? [], (rows[0] ?? []).map(() => '---'), ...rows.slice(1)]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** The tables of docs/meanings.md in a language, by their names: made from those of module and console. */
export function meaningsTables(language: PageLanguage): ReadonlyMap<string, string> {
  const head = HEADS[language];
  const say = sayIn(language);
  const names = textsOf(language);
  const kinds = EVENT_DEFINITIONS.map(({ kind, eventType }) => [
    `\`${kind}\``,
    `\`${eventType}\``,
    names[`kind.${kind}`] ?? '',
  ]);
  const codes = Object.entries(MEANINGS).map(([kind, meanings]) => {
    const rows = meanings.map((meaning) => [
      `\`${meaning.code}\``,
      `\`${meaning.id}\``,
      say(meaning),
      say(meaning.hint),
    ]);
    return [kind, asTable([[head.code, '`id`', head.meaning, head.hint], ...rows])] as const;
  });
  return new Map([
    ['kinds', asTable([[head.kind, '`event_type`', head.name], ...kinds])],
    ...codes,
  ]);
}

type Bilingual = Readonly<Record<'en' | 'zh', string>>;

function sayIn(language: PageLanguage): (text: Bilingual) => string {
  if (language === 'en' || language === 'zh') return (text) => text[language];
  const translated = textsOf(`meanings.${language}`);
  return ({ en }) => translated[en] ?? '';
}

/** The page with its tables as they have to be: each stands between a pair of comments. */
export function withMeaningsTables(page: string, language: PageLanguage): string {
  let whole = page;
  for (const [name, table] of meaningsTables(language)) {
    const [before, rest] = whole.split(`<!-- meanings: ${name} -->`);
    const after = rest?.split('<!-- /meanings -->').slice(1).join('<!-- /meanings -->');
    if (after === undefined) throw new Error(`the page has no place for the table "${name}"`);
    whole = `${before}<!-- meanings: ${name} -->\n\n${table}\n\n<!-- /meanings -->${after}`;
  }
  return whole;
}
