/**
 * The lint rules about the rooms of src/: dependencies point one way and in no circle, and only the HTTP
 * API knows HTTP exceptions. Run on files of their own, under the configuration of the project.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OXLINT = join(ROOT, 'node_modules/.bin/oxlint');

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** What the linter finds in a project that consists of these files, as `file: rule`. */
async function findings(files: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'live-callback-lint-'));
  folders.push(folder);
  for (const name of ['.oxlintrc.json', '.oxlint']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const output = await new Promise<string>((resolve) => {
    execFile(OXLINT, ['--format', 'json', 'src'], { cwd: folder }, (_, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { code: string; filename: string }[];
  };
  return diagnostics.map(({ code, filename }) => `${filename}: ${code}`).toSorted();
}

describe('a room', () => {
  it('imports nothing that is not below it, in whatever form', async () => {
    const files = {
      'src/common/upwards.ts': "import { b } from '../events/b.js'; export const a = b;",
      'src/storage/spool/far-upwards.ts': "import '../../module/b.js';",
      'src/events/kinds/x/type.ts':
        "import type { B } from '../../../delivery/b.js'; export type A = B;",
      'src/options/export-all.ts': "export * from '../receiving/b.js';",
      'src/options/export-named.ts': "export { b } from '../receiving/b.js';",
      'src/delivery/dynamic.ts': "export const a = () => import('../operations/b.js');",
      'src/delivery/inline-type.ts': "export type A = import('../operations/b.js').B;",
      'src/operations/testing.ts': "import '../testing/b.js';",
      'src/module/public-face.ts': "import '../index.js';",
      'src/index.ts': "export * from './bullmq/index.js';",
      'src/bullmq/sibling.ts': "import '../broker/b.js';",
      'src/broker/testing.ts': "import '../testing/index.js';",
      'src/testing/module.ts': "import '../module/b.js';",
      'src/cli/app.ts': "import '../app/b.js';",
      'src/somewhere/new-room.ts': "import '../common/b.js';",
    };
    expect(await findings(files)).toEqual(
      Object.keys(files)
        .map((name) => `${name}: rooms(one-way)`)
        .toSorted(),
    );
  });

  it('imports itself, what is below it, and packages', async () => {
    const files = {
      'src/delivery/listeners/a.ts': `
        import type { Logger } from '@nestjs/common';
        import { b } from '../b.js';
        import { c } from './c.js';
        import { d } from '../../storage/d.js';
        export const a = (logger: Logger) => logger.log(b, c, d);`,
      'src/module/a.ts': "export * from '../operations/b.js';",
      'src/index.ts': "export * from './module/a.js';",
      'src/testing/a.ts': "export * from '../index.js'; export * from '../storage/b.js';",
      'src/bullmq/a.ts': "export * from '../delivery/b.js'; export * from '../index.js';",
      'src/emulator/a.ts': "export * from '../testing/b.js';",
      'src/cli/a.ts': "export * from '../cloud/index.js'; export * from '../emulator/index.js';",
      'test/common/a.spec.ts': "export * from '../../src/app/b.js';",
    };
    expect(await findings(files)).toEqual([]);
  });
});

describe('an HTTP exception', () => {
  it('is thrown by the HTTP API alone', async () => {
    const text =
      "import { BadRequestException } from '@nestjs/common'; throw new BadRequestException();";
    const files = {
      'src/storage/a.ts': text,
      'src/operations/a.ts': text,
      'src/operations/api/a.ts': text,
      'src/receiving/http/a.ts': text,
    };
    expect(await findings(files)).toEqual([
      'src/operations/a.ts: eslint(no-restricted-imports)',
      'src/storage/a.ts: eslint(no-restricted-imports)',
    ]);
  });
});

describe('a circle', () => {
  it('is found where only types go round', async () => {
    const files = {
      'src/common/a.ts': "import type { B } from './b.js'; export interface A { b: B }",
      'src/common/b.ts': "import type { A } from './a.js'; export interface B { a: A }",
    };
    expect(await findings(files)).toEqual([
      'src/common/a.ts: import(no-cycle)',
      'src/common/b.ts: import(no-cycle)',
    ]);
  });

  it('is found between a command and the action that it imports when it runs', async () => {
    const files = {
      'src/cli/x/x.command.ts':
        "export const x = () => import('./x.action.js'); export type X = 1;",
      'src/cli/x/x.action.ts': "import type { X } from './x.command.js'; export type Y = X;",
    };
    expect(await findings(files)).toEqual(['src/cli/x/x.action.ts: eslint(no-restricted-imports)']);
  });
});
