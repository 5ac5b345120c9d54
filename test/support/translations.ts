import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const LANGUAGES = ['zh', 'ja', 'ko'] as const;

/** English pages that are translated, and their names below `docs/<language>/`. */
export const TRANSLATED = {
  'README.md': 'README.md',
  'docs/tutorial.md': 'tutorial.md',
  'docs/operating.md': 'operating.md',
  'docs/meanings.md': 'meanings.md',
} as const;

/** Per page and section, the digest of the English text that its translations were made from. */
export const SOURCES_PATH = join(ROOT, 'docs/translations.json');

export const readPage = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The text before the first heading of the second level, and the sections after it. */
export const sectionsOf = (text: string): string[] => text.split(/^(?=## )/m);

/** What the translations of all pages have to be made from. */
export function sourceDigests(): Record<string, Record<string, string>> {
  const digest = (text: string) =>
    createHash('sha256').update(text.trim()).digest('hex').slice(0, 16);
  const perPage = Object.keys(TRANSLATED).map((page) => {
    const sections = sectionsOf(readPage(page)).map((text) => [
      text.slice(0, text.indexOf('\n')).replace(/^#+ /, ''),
      digest(text),
    ]);
    return [page, Object.fromEntries(sections) as Record<string, string>];
  });
  return Object.fromEntries(perPage) as Record<string, Record<string, string>>;
}
