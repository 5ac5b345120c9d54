/** Writes the event table of docs/receive.md anew from the catalog: `npm run docs:events`. */
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { eventsTable } from '../support/events-table.js';

const path = fileURLToPath(new URL('../../docs/receive.md', import.meta.url));
const table = `<!-- events -->\n\n${eventsTable(EVENT_DEFINITIONS)}\n\n<!-- /events -->`;
const readme = readFileSync(path, 'utf8');
writeFileSync(path, readme.replace(/<!-- events -->[\s\S]*<!-- \/events -->/, table));
