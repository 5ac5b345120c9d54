/**
 * Documented limits of templates and rules (docs/protocol.md, 1.2): those of the vendor's console, since the
 * API's are wider, but then that console cannot edit the template. No imports, so that the page of the
 * console checks by the same ones while people type.
 */

/** Characters of a name. */
export const MAX_NAME = 30;
/** Characters of a description, the mark included. */
export const MAX_DESCRIPTION = 100;
export const MIN_KEY = 8;
export const MAX_KEY = 32;
export const MAX_APP_NAME = 255;
/** Templates that one account may have. */
export const MAX_TEMPLATES = 50;
/** Levels that can be written. What is read may have other names. */
export const EXCEPTION_LEVELS: readonly string[] = ['error', 'warning', 'info'];

/** A name, and a description that is not empty. */
export const NAME = /^[\p{Script=Han}A-Za-z0-9_-]+$/u;
export const KEY = /^[A-Za-z0-9]*$/;
/** Id of a template in the declared state, and name of the stack. */
export const ID = /^(?=.{1,20}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
export const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
export const APP_NAME = /^[^\s/?#]+$/;

/** Whether a text is a callback URL. */
export function isCallbackUrl(url: string): boolean {
  return /^https?:\/\/[^/]/i.test(url) && !/\s/.test(url) && URL.canParse(url);
}

/** Length in characters, as people count them. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

const DIGEST_LENGTH = 12;

/** Characters of a description that the mark leaves. */
export function descriptionRoom(stack: string, template: string, hasWriteOnly: boolean): number {
  const mark = `mgd_${stack}_${template}_`.length + DIGEST_LENGTH + (hasWriteOnly ? 1 : 0);
  return Math.max(MAX_DESCRIPTION - mark - 1, 0);
}
