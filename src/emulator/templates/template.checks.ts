import { CloudFault } from './cloud.fault.js';
import { URL_FIELDS, type TemplateInput } from './callback-template.js';

const MAX_NAME_BYTES = 255;
const MAX_DESCRIPTION_BYTES = 1024;
const NAME = /^[\p{Script=Han}A-Za-z0-9_-]+$/u;
const KEY = /^[A-Za-z0-9]{1,32}$/;
const LEVELS: readonly string[] = ['error', 'warning', 'info'];
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * Checks each field that is given; the account's limits, which are wider than the console's.
 *
 * @throws CloudFault
 */
export function checkFields(fields: TemplateInput, unsafeHosts: readonly string[]): void {
  const { TemplateName, Description, CallbackKey, RecordExceptionLevels } = fields;
  if (TemplateName !== undefined) checkName(TemplateName);
  if (Description !== undefined && Buffer.byteLength(Description) > MAX_DESCRIPTION_BYTES) {
    throw new CloudFault(
      'InvalidParameterValue',
      `Description is longer than ${MAX_DESCRIPTION_BYTES} bytes.`,
    );
  }
  for (const field of URL_FIELDS) {
    if (fields[field]) checkUrl(field, fields[field]);
  }
  if (CallbackKey && !KEY.test(CallbackKey)) {
    throw new CloudFault(
      'InvalidParameterValue',
      'CallbackKey may hold at most 32 letters and digits.',
    );
  }
  if (RecordExceptionLevels?.some((level) => !LEVELS.includes(level))) {
    throw new CloudFault(
      'InvalidParameterValue',
      `RecordExceptionLevels may hold ${LEVELS.join(', ')}.`,
    );
  }
  for (const field of URL_FIELDS) {
    const url = fields[field];
    if (url && unsafeHosts.includes(new URL(url).hostname)) {
      throw new CloudFault('InvalidParameter.UrlNotSafe', `The host of ${field} is not safe.`);
    }
  }
}

/**
 * A template without any URL has no use.
 *
 * @throws CloudFault
 */
export function checkHasUrl(fields: TemplateInput): void {
  if (!URL_FIELDS.some((field) => fields[field])) {
    throw new CloudFault('InvalidParameterValue', 'At least one notify URL is needed.');
  }
}

/** @throws CloudFault */
export function checkDomain(domain: string): void {
  if (!HOST_NAME.test(domain)) {
    throw new CloudFault('InvalidParameter.DomainFormatError', 'DomainName is no host name.');
  }
}

function checkName(name: string): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES || !NAME.test(name)) {
    throw new CloudFault(
      'InvalidParameter.ArgsNotMatch',
      `TemplateName must be Chinese characters, letters, digits, "_" and "-", at most ${MAX_NAME_BYTES} bytes.`,
    );
  }
}

function checkUrl(field: string, url: string): void {
  const isWeb = URL.canParse(url) && /^https?:\/\/[^/]/i.test(url);
  if (!isWeb) {
    throw new CloudFault(
      'InvalidParameterValue',
      `${field} must be an absolute http or https URL.`,
    );
  }
}
