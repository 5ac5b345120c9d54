import { useEffect, useState } from 'preact/hooks';

import { codeField, codesIn, type Code } from '../codes.js';
import { useLanguage, type LanguageName } from '../language.js';

/** Loads how a meaning is said in a language, from its English. */
const LOADERS: Record<'ja' | 'ko', () => Promise<{ default: unknown }>> = {
  ja: () => import('../languages/meanings.ja.json'),
  ko: () => import('../languages/meanings.ko.json'),
};

/** Says what the codes of a callback mean and what to do about them; nothing where it has none. */
export function Meanings({ kind, data }: { kind: string; data: unknown }) {
  return codesIn(kind, data).map((code) => <MeaningOf key={code} kind={kind} code={code} />);
}

function MeaningOf({ kind, code }: { kind: string; code: Code }) {
  const { name } = useLanguage();
  const [text, setText] = useState<string>();
  useEffect(() => {
    void meaningOf(kind, code, name).then(setText);
  }, [kind, code, name]);
  if (text === undefined) return null;
  return (
    <p class="meaning">
      <code>{`${codeField(kind)} ${code}`}</code> {text}
    </p>
  );
}

async function meaningOf(
  kind: string,
  code: Code,
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
