import { readFile } from 'node:fs/promises';

import { parse } from 'yaml';

import { UsageError } from '../cli.error.js';
import { parseStep, type Step } from './step.parser.js';

/**
 * Reads the steps of a YAML or JSON file: a list, or an object with a list named `steps`.
 *
 * @throws UsageError that names the file
 */
export async function readScript(path: string): Promise<Step[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new UsageError(`${path} is neither YAML nor JSON: ${(error as Error).message}`);
  }
  const steps = Array.isArray(content) ? content : (content as { steps?: unknown } | null)?.steps;
  if (!Array.isArray(steps)) {
    throw new UsageError(
      `${path} must hold a list of steps; "live-callback emulate --help" shows one.`,
    );
  }
  return steps.map((step, index) => {
    try {
      return parseStep(step);
    } catch (error) {
      throw new UsageError(`${path}, step ${index + 1}: ${(error as Error).message}`);
    }
  });
}
