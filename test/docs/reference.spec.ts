/** Tables that list what the code has: options, settings of listeners and of retention, signals, alerts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Names of the members that an interface declares itself. */
function membersOf(path: string, name: string): string[] {
  const declared = new RegExp(`export interface ${name}\\b[^{]*{\\n([\\s\\S]*?)\\n}`).exec(
    read(path),
  );
  const members = (declared?.[1] ?? '').matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm);
  return [...members].map(([, member = '']) => member);
}

/** First cells of the table below a header that begins so. */
function rowsOf(page: string, header: string): string[] {
  const table =
    read(page)
      .split(/\n{2,}/)
      .find((block) => block.startsWith(`| ${header}`)) ?? '';
  const rows = table.split('\n').slice(2);
  return rows.map((row) => /^\| `([\w-]+)`/.exec(row)?.[1] ?? row);
}

it.each([
  {
    page: 'docs/options.md',
    header: 'Option ',
    declared: ['LiveCallbackOptions', 'LiveCallbackModuleExtras'],
    in: 'src/options/live-callback.options.ts',
  },
  {
    page: 'docs/ask.md',
    header: 'Setting of `retention`',
    declared: ['RetentionPolicy', 'RetentionOptions'],
    in: 'src/options/retention.options.ts',
  },
  {
    page: 'docs/listen.md',
    header: 'Setting of `@OnLiveEvent`',
    declared: ['OnLiveEventOptions'],
    in: 'src/delivery/listeners/listener.options.ts',
  },
  {
    page: 'docs/operating.md',
    header: 'Signal ',
    declared: ['LiveCallbackSignals'],
    in: 'src/common/signals.ts',
  },
])(
  '$page lists what $declared declare, and nothing else',
  ({ page, header, declared, in: path }) => {
    const members = declared.flatMap((name) => membersOf(path, name));
    expect(members.length).toBeGreaterThan(3);
    expect(rowsOf(page, header).toSorted()).toEqual(members.toSorted());
  },
);

it('docs/operating.md lists the alerts that there are, and nothing else', () => {
  const [, union = ''] =
    /export type AlertName =([^;]*);/.exec(read('src/common/signals.ts')) ?? [];
  const names = [...union.matchAll(/'([\w-]+)'/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(3);
  expect(rowsOf('docs/operating.md', 'Alert ')).toEqual(names);
});
