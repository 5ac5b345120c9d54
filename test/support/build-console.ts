import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the page of the console was built. */
    consoleFiles: string;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the page of the console before the first file of a run. */
export default function setUp(project: TestProject): () => void {
  const folder = buildConsole();
  project.provide('consoleFiles', folder);
  return () => rmSync(folder, { recursive: true });
}

/** Builds it into a folder of its own. */
export function buildConsole(): string {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-console-'));
  const program = 'import("./scripts/console.mjs").then((it) => it.buildConsole(process.argv[1]))';
  execFileSync(process.execPath, ['--input-type=module', '-e', program, folder], { cwd: ROOT });
  return folder;
}
