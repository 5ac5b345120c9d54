import { checkNames, text, time, type QueryParameters } from '../operations/audit-query.js';
import { AuditRequestError } from '../operations/audit-request.error.js';
import type { ConsoleTemplates } from './console.templates.js';

/** What is ordered of templates, by the name of its method. */
type Order<Name extends Exclude<keyof ConsoleTemplates, 'read'>> = Parameters<
  ConsoleTemplates[Name]
>[0];

/** @throws AuditRequestError, as the others here, for what is misspelt or does not fit */
export function parseSave(body: QueryParameters): Order<'save'> {
  checkNames(body, 'id,declaration,isNew,key,revision');
  const { declaration } = body;
  if (typeof declaration !== 'object' || declaration === null) {
    throw new AuditRequestError('declaration must be an object');
  }
  const isNew = flag(body, 'isNew');
  return { ...placeOf(body), declaration, isNew, ...keyOf(body) };
}

/** @throws AuditRequestError */
export function parseRemove(body: QueryParameters): Order<'remove'> {
  checkNames(body, 'id,revision');
  return placeOf(body);
}

/** @throws AuditRequestError */
export function parseApply(body: QueryParameters): Order<'apply'> {
  checkNames(body, 'seen,repoint,takeOver');
  const seen = needed(body, 'seen');
  return { seen, repoint: flag(body, 'repoint'), takeOver: flag(body, 'takeOver') };
}

/** @throws AuditRequestError */
export function parseRotation(body: QueryParameters): Order<'rotateKey'> {
  checkNames(body, 'id,key');
  return { id: needed(body, 'id'), ...keyOf(body) };
}

/** The cloud remembers no longer. */
const LONGEST_AGO_MS = 59 * 24 * 3_600_000;

/** @throws AuditRequestError */
export function parseComparison(body: QueryParameters): { from: Date; dryRun: boolean } {
  checkNames(body, 'from,dryRun');
  const from = time(body, 'from');
  const ago = Date.now() - (from?.getTime() ?? Infinity);
  if (from && ago > 0 && ago <= LONGEST_AGO_MS) return { from, dryRun: flag(body, 'dryRun') };
  throw new AuditRequestError('from must be a time of the last 59 days');
}

function placeOf(body: QueryParameters) {
  return { id: needed(body, 'id'), revision: needed(body, 'revision') };
}

function keyOf(body: QueryParameters): { key?: string } {
  const key = text(body, 'key');
  return key === undefined ? {} : { key };
}

function needed(body: QueryParameters, name: string): string {
  const value = text(body, name);
  if (value !== undefined) return value;
  throw new AuditRequestError(`${name} is missing`);
}

/** @throws AuditRequestError */
function flag(body: QueryParameters, name: string): boolean {
  const { [name]: value = false } = body;
  if (typeof value === 'boolean') return value;
  throw new AuditRequestError(`${name} must be true or false`);
}
