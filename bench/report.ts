import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where results are written unless `--out` says otherwise. */
export const RESULTS = fileURLToPath(new URL('results', import.meta.url));

/** Writes a result as Markdown and as JSON, and shows the former. */
export function writeReport(folder: string, name: string, markdown: string, data: object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), `${markdown}\n`);
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(data, null, 2)}\n`);
  process.stdout.write(`\n${markdown}\n\n`);
}

export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
