import { ProblemList, shown, shownSecret } from './problem.list.js';
import type { ProvisioningState } from './provisioning.state.js';
import { checkRules, type DesiredRule } from './rule.checks.js';
import { resolveTemplate, type DesiredTemplate } from './template.checks.js';
import { ID, MAX_TEMPLATES } from './template.limits.js';
import { baseUrlOf } from './url.checks.js';

const TOKEN = /^[\w.~-]{16,}$/;

/** A declared state, checked. */
export interface DesiredState {
  readonly stack: string;
  readonly templates: readonly DesiredTemplate[];
  readonly rules: readonly DesiredRule[];
}

/**
 * Checks a declared state against the tighter of the documented limits, before anything is called.
 *
 * @param hasKeyRing whether templates may go without a key of their own
 * @throws ProvisioningStateError with everything that is wrong
 */
export function resolveState(state: ProvisioningState, hasKeyRing: boolean): DesiredState {
  const problems = new ProblemList();
  problems.object('The state', state);
  problems.throwIfAny();
  const given = problems.object('', state, [
    'stack',
    'baseUrl',
    'urlToken',
    'keyFile',
    'templates',
  ]);
  const stack = problems.text('stack', given['stack'], 'the name of this deployment') ?? '';
  if (stack !== '' || typeof given['stack'] === 'string') checkId(problems, 'stack', stack);
  if (given['keyFile'] === '') problems.add('keyFile', 'must be the path of a file, not empty.');
  else if (given['keyFile'] !== undefined) problems.text('keyFile', given['keyFile'], 'a path');
  const urlToken = checkToken(problems, given['urlToken']);
  const baseUrl = baseUrlOf(problems, given['baseUrl']);
  const declared = Object.entries(problems.object('templates', given['templates']));
  if (declared.length > MAX_TEMPLATES) {
    problems.add(
      'templates',
      `has ${declared.length} templates; an account may have ${MAX_TEMPLATES}.`,
    );
  }
  const templates = declared.map(([id, declaration]) => {
    const path = `templates.${id}`;
    checkId(problems, path, id);
    const fields = problems.object(path, declaration, [
      'name',
      'description',
      'key',
      'events',
      'urls',
      'recordExceptionLevels',
      'rules',
    ]);
    return resolveTemplate(problems, { path, stack, id, baseUrl, urlToken, hasKeyRing }, fields);
  });
  const rules = checkRules(problems, declared);
  problems.throwIfAny();
  return Object.freeze({ stack, templates, rules });
}

function checkId(problems: ProblemList, path: string, id: string): void {
  if (!ID.test(id)) {
    problems.add(
      path,
      `must be called by 1 to 20 lower-case letters, digits and single hyphens, not ${shown(id)}.`,
    );
  }
}

function checkToken(problems: ProblemList, given: unknown): string | undefined {
  if (given === undefined) return undefined;
  const token = problems.text('urlToken', given, 'a text');
  if (token !== undefined && !TOKEN.test(token)) {
    problems.add(
      'urlToken',
      `must be 16 or more letters, digits and . _ ~ -, not ${shownSecret(token)}.`,
    );
  }
  return token;
}
