import { isDeepStrictEqual } from 'node:util';

import { parseDocument } from 'yaml';

import { parseText } from './state-file.js';
import type { ProvisioningState, TemplateDeclaration } from './provisioning.state.js';

/** A template as it is written in a state file. */
export type WrittenTemplate = TemplateDeclaration;

/**
 * The templates of a state file as they are written, references to the environment included.
 *
 * @throws ProvisioningStateError
 */
export function writtenTemplates(text: string, path: string): Map<string, WrittenTemplate> {
  const { templates } = (parseText(text, path) ?? {}) as Partial<ProvisioningState>;
  return new Map(Object.entries(templates ?? {}));
}

/**
 * The text of a state file with one template changed, or without it; comments, order and references of all
 * else stay as people wrote them.
 *
 * @param declaration undefined: the template goes
 */
export function withTemplate(
  text: string,
  path: string,
  id: string,
  declaration: WrittenTemplate | undefined,
): string {
  const before = writtenTemplates(text, path).get(id);
  if (isJson(text)) return withTemplateInJson(text, id, declaration);
  const document = parseDocument(text);
  const at = ['templates', id];
  if (declaration === undefined) document.deleteIn(at);
  else if (before === undefined) document.setIn(at, document.createNode(declaration));
  else {
    const names = new Set([...Object.keys(before), ...Object.keys(declaration)]);
    for (const name of names as Set<keyof WrittenTemplate>) {
      const value = declaration[name];
      if (isDeepStrictEqual(before[name], value)) continue;
      if (value === undefined) document.deleteIn([...at, name]);
      else document.setIn([...at, name], document.createNode(value));
    }
  }
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 });
}

/** YAML takes JSON too, but would not write it. */
function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

function withTemplateInJson(
  text: string,
  id: string,
  declaration: WrittenTemplate | undefined,
): string {
  const state = JSON.parse(text) as ProvisioningState;
  const { [id]: _, ...others } = state.templates;
  const templates = declaration === undefined ? others : { ...state.templates, [id]: declaration };
  return `${JSON.stringify({ ...state, templates }, null, 2)}\n`;
}
