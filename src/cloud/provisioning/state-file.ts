import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';

import { ProvisioningStateError, type StateProblem } from './provisioning-state.error.js';
import type { ProvisioningState } from './provisioning.state.js';

/** Variables that a state may refer to. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a declared state from a YAML or JSON file. `${NAME}` in a text stands for a variable of the
 * environment, so that secrets stay out of the file. A relative `keyFile` is beside the file.
 *
 * @example
 * ```yaml
 * stack: shop
 * baseUrl: https://live.example.com/live-callback
 * templates:
 *   main:
 *     key: ${LIVE_CALLBACK_KEY}
 *     events: [stream-push, stream-interrupt, record-file]
 *     rules:
 *       - domain: push.example.com
 * ```
 * @throws ProvisioningStateError when it cannot be read, or names a variable that is not set
 */
export async function loadState(
  path: string,
  env: Environment = process.env,
): Promise<ProvisioningState> {
  return parseState(await readStateFile(path), path, env);
}

/** @throws ProvisioningStateError */
export async function readStateFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ProvisioningStateError(
      [{ path: '', problem: `cannot be read (${code}). Give the path of a state file.` }],
      path,
    );
  }
}

/**
 * The state that the text of a file declares.
 *
 * @throws ProvisioningStateError
 */
export function parseState(text: string, path: string, env: Environment): ProvisioningState {
  const problems: StateProblem[] = [];
  const state = substitute(parseText(text, path), '', env, problems);
  if (problems.length > 0) throw new ProvisioningStateError(problems, path);
  const { keyFile } = (state ?? {}) as Partial<ProvisioningState>;
  if (typeof keyFile !== 'string') return state as ProvisioningState;
  return { ...(state as ProvisioningState), keyFile: resolve(dirname(path), keyFile) };
}

/**
 * What a state file says, references as they are written.
 *
 * @throws ProvisioningStateError
 */
export function parseText(text: string, path: string): unknown {
  const lineCounter = new LineCounter();
  // The pretty form of errors quotes the lines, in which there may be a key.
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ code, pos }) => {
      const { line, col } = lineCounter.linePos(pos[0]);
      const name = code.toLowerCase().replaceAll('_', ' ');
      return { path: `line ${line}, column ${col}`, problem: `is no YAML: ${name}.` };
    });
    throw new ProvisioningStateError(problems, path);
  }
  try {
    return document.toJS() as unknown;
  } catch {
    const problem = 'uses aliases that cannot be resolved. Write out what they stand for.';
    throw new ProvisioningStateError([{ path: '', problem }], path);
  }
}

function substitute(
  value: unknown,
  path: string,
  env: Environment,
  problems: StateProblem[],
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{(\w+)\}/g, (_reference, name: string) => {
      const found = env[name];
      if (!found) {
        problems.push({
          path,
          problem: `refers to \${${name}}, which is not set in the environment.`,
        });
      }
      return found ?? '';
    });
  }
  if (Array.isArray(value)) {
    return value.map((one, index) => substitute(one, `${path}[${index}]`, env, problems));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        name,
        substitute(one, path ? `${path}.${name}` : name, env, problems),
      ]),
    );
  }
  return value;
}
