import { AuditRequestError } from './audit-request.error.js';

/** @throws AuditRequestError for a text that says nothing or that no column takes */
export function checkText(name: string, value: unknown, maxLength: number): void {
  const isText = typeof value === 'string' && value.trim() !== '' && !value.includes('\0');
  if (isText && value.length <= maxLength && value.isWellFormed()) return;
  throw new AuditRequestError(`${name} must be a text of 1 to ${maxLength} characters`);
}

/** @throws AuditRequestError for a reason or actor that cannot be */
export function checkReason({ reason, actor }: { reason: unknown; actor: unknown }): void {
  checkText('reason', reason, 500);
  checkText('actor', actor, 190);
}
