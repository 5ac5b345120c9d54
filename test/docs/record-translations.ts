/**
 * Records that the translations say what the English pages say now: `npm run docs:translated`, after
 * each of them has been read again.
 */
import { writeFileSync } from 'node:fs';

import { SOURCES_PATH, sourceDigests } from '../support/translations.js';

writeFileSync(SOURCES_PATH, `${JSON.stringify(sourceDigests(), null, 2)}\n`);
