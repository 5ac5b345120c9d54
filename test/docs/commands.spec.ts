/** Command lines in README and docs/ are ones that the program understands. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';
import { expect, it } from 'vitest';

import type { CliContext } from '../../src/cli/cli.context.js';
import { createProgram } from '../../src/cli/program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const pages = readdirSync(join(ROOT, 'docs'), { encoding: 'utf8', recursive: true })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

/** What stands behind `live-callback`, up to the end of the command. */
function linesOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const lines = text.matchAll(/npx live-callback ([^`\n|>&;]+)/g);
  return [...lines].map(([, words = '']) => words.trim());
}

const program = createProgram({ terminal: { text() {}, note() {} } } as unknown as CliContext);

/** The words that name no command and no option of it. */
function strangersIn(line: string): string[] {
  const words = line.replaceAll(/"[^"]*"/g, 'text').split(/\s+/);
  let command: Command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (!next) break;
    command = next;
  }
  if (command === program) return words;
  if (command.commands.length > 0) return [`${command.name()} without a subcommand`];
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  return words.filter((word) => /^--?[a-z]/.test(word) && !known.includes(word));
}

const PAGES = ['README.md', ...pages]
  .map((page) => ({ page, lines: linesOf(page) }))
  .filter(({ lines }) => lines.length > 0);

it('finds pages with command lines', () => {
  expect(PAGES.length).toBeGreaterThan(4);
});

it.each(PAGES)('$page has command lines that the program understands', ({ lines }) => {
  expect(lines.map((line) => [line, strangersIn(line)])).toEqual(lines.map((line) => [line, []]));
});
