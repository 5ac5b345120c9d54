import { useEffect, useState } from 'preact/hooks';

import { useLanguage, type LanguageName } from '../language.js';

/** Loads how a meaning is said in a language, from its English. */
const LOADERS: Record<'ja' | 'ko', () => Promise<{ default: unknown }>> = {
  ja: () => import('../languages/meanings.ja.json'),
  ko: () => import('../languages/meanings.ko.json'),
};

/** Where the code of a kind stands in its typed view. */
const FIELDS: Record<string, readonly string[]> = {
  'stream-interrupt': ['errcode'],
  'push-error': ['type'],
  'record-exception': ['exception', 'type'],
  'record-status': ['record_event'],
};

/** Says what the code of a callback means and what to do about it; nothing where it has none. */
export function Meanings({ kind, data }: { kind: string; data: unknown }) {
  const { name } = useLanguage();
  const [text, setText] = useState<string>();
  const code = codeOf(kind, data);
  useEffect(() => {
    if (code !== undefined) void meaningOf(kind, code, name).then(setText);
  }, [kind, code, name]);
  if (code === undefined || text === undefined) return null;
  return (
    <p class="meaning">
      <code>{`${FIELDS[kind]?.at(-1)} ${code}`}</code> {text}
    </p>
  );
}

async function meaningOf(
  kind: string,
  code: string | number,
  language: LanguageName,
): Promise<string | undefined> {
  const { MEANINGS } = await import('../meanings.js');
  const meaning = MEANINGS[kind]?.find((it) => it.code === code);
  if (!meaning) return undefined;
  if (language === 'en' || language === 'zh') {
    return `${meaning[language]} ${meaning.hint[language]}`;
  }
  const texts = (await LOADERS[language]()).default as Record<string, string>;
  return [meaning.en, meaning.hint.en].map((english) => texts[english] ?? english).join(' ');
}

function codeOf(kind: string, data: unknown): string | number | undefined {
  const path = FIELDS[kind];
  if (path === undefined) return undefined;
  let value: unknown = data;
  for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'number' || typeof value === 'string' ? value : undefined;
}
