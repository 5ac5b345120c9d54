/**
 * docs/protocol.md is checked against the code: each kind of the catalog has its section with its
 * number, its names, its fields and the size of its samples; the retries are those of the catalog;
 * the worked example verifies; and every section that a comment or a test names is there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { fieldsOf } from '../../src/events/dto/field.decorators.js';
import type { EventDefinition } from '../../src/events/event-definition.js';
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { signatureOf } from '../../src/testing/index.js';
import { samplesOf } from '../support/documented-samples.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8');
const DEFINITIONS: readonly EventDefinition[] = EVENT_DEFINITIONS;

/** Sections by their numbers, down to the next heading. */
const SECTIONS = new Map(
  TEXT.split(/^#{2,3} /m).map((section) => [/^\d+(\.\d+)?/.exec(section)?.[0], section]),
);
/** The quirks have numbers without headings. */
const QUIRKS = [...TEXT.matchAll(/^\| (5\.\d+) /gm)].map(([, number]) => number);

/** A section and those that it refers to for its fields, with what several kinds have in common. */
function fieldsText(number: string): string {
  const section = SECTIONS.get(number) ?? '';
  const [, other] = /^The fields of (4\.\d+)/m.exec(section) ?? [];
  return section + (other ? fieldsText(other) : (SECTIONS.get('3.2') ?? ''));
}

/** What stands behind "Needed", here or where this section points to. */
function neededText(number: string): string {
  const section = SECTIONS.get(number) ?? '';
  const [, other] = /^Needed[^:]*: as in (4\.\d+)/m.exec(section) ?? [];
  return other ? neededText(other) : (/^Needed: (.*?)\.(?: Identity:|$)/m.exec(section)?.[1] ?? '');
}

const namesIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name);
const minified = (text: string) => Buffer.byteLength(JSON.stringify(JSON.parse(text)));

describe.each(DEFINITIONS.map((definition, index) => [`4.${index + 1}`, definition] as const))(
  'section %s of docs/protocol.md',
  (number, { kind, eventType, consoleName, notifyUrlField, signed, dto }) => {
    const [title, , head = ''] = (SECTIONS.get(number) ?? '').split('\n');

    it(`has the names of ${kind}`, () => {
      expect(title).toBe(`${number} ${kind}`);
      expect(head).toContain(`\`event_type\` ${eventType} · ${consoleName} · `);
      expect(/`(\w+NotifyUrl)`/.exec(head)?.[1]).toBe(notifyUrlField);
      expect(head.includes('not signed')).toBe(signed === false);
    });

    it(`has the size of the samples of ${kind}`, () => {
      const sizes = samplesOf(kind).map(({ text }) => minified(text));
      const [, from = '', to = from] = /([\d,]+)(?: to ([\d,]+))? bytes$/.exec(head) ?? [];
      expect(Number(to.replace(',', ''))).toBe(Math.max(...sizes));
      expect(sizes).toContain(Number(from.replace(',', '')));
    });

    it(`has the fields of ${kind}, and says which of them are needed`, () => {
      const fields = fieldsOf(dto).filter(({ name }) => name !== 'event_type');
      const named = namesIn(fieldsText(number));
      expect(fields.filter(({ name }) => !named.includes(name))).toEqual([]);
      const needed = namesIn(neededText(number));
      for (const { name, about = false } of fields) {
        expect({ name, about }).toEqual({ name, about: needed.includes(name) });
      }
    });
  },
);

it('docs/protocol.md has the retries of the catalog', () => {
  const rows = (SECTIONS.get('2.2') ?? '').split('\n').filter((line) => line.startsWith('| `'));
  const said = rows.flatMap((row) => {
    const [, kinds = '', retries, interval = ''] = row.split('|').map((cell) => cell.trim());
    const [, minutes] = /^(\d+) minutes?$/.exec(interval) ?? [];
    const rule = retries === 'not said' ? null : [Number(retries), minutes && Number(minutes) * 60];
    return [...kinds.matchAll(/`([\w-]+)`/g)].map(([, kind]) => [kind, rule]);
  });
  expect(Object.fromEntries(said)).toEqual(
    Object.fromEntries(
      DEFINITIONS.map(({ kind, retry }) => [
        kind,
        retry ? [retry.retries, retry.intervalSeconds] : null,
      ]),
    ),
  );
});

it('docs/protocol.md has signatures that verify', () => {
  const section = SECTIONS.get('1.3') ?? '';
  const [, key = '', ...first] =
    /^key {2}= (\w+)\nt {4}= (\d+)\n.* = (\w{32})$/m.exec(section) ?? [];
  const others = [...section.matchAll(/(\d{10}) gives `([0-9a-f]{32})`/g)].map((pair) =>
    pair.slice(1),
  );
  expect(others).toHaveLength(2);
  for (const [t = '', sign] of [first, ...others]) expect(signatureOf(key, t)).toBe(sign);
});

it('docs/protocol.md has every section that comments and tests name', () => {
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const named = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\n *\*/g, '');
    const cited = [
      ...text.matchAll(/docs\/protocol\.md[,)]? \(?((?:(?:, | and | to )?\d\.\d+)+)/g),
    ];
    const titles = file.endsWith('quirks.spec.ts') ? text.matchAll(/['`](\d\.\d+): /g) : [];
    return [...cited, ...titles].flatMap(([, numbers = '']) => numbers.match(/\d\.\d+/g) ?? []);
  });
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((number) => !SECTIONS.has(number) && !QUIRKS.includes(number))).toEqual([]);
});
