/** Writes the tables of docs/meanings.md and its translations anew: `npm run docs:meanings`. */
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { withMeaningsTables } from '../support/meanings-tables.js';

for (const language of ['en', 'zh', 'ja', 'ko'] as const) {
  const folder = language === 'en' ? '' : `${language}/`;
  const path = fileURLToPath(new URL(`../../docs/${folder}meanings.md`, import.meta.url));
  writeFileSync(path, withMeaningsTables(readFileSync(path, 'utf8'), language));
}
