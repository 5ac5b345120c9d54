/** Where the codes of a kind stand in its typed view; `*` is each entry of a list. */
const PATHS: Readonly<Record<string, readonly string[]>> = {
  'stream-interrupt': ['errcode'],
  'push-error': ['abnormal_event', '*', 'type'],
  'record-exception': ['exception', 'type'],
  'record-status': ['record_event'],
  relay: ['msg', 'value', 'type'],
};

export type Code = string | number;

/** Name of the field that holds the codes of a kind. */
export const codeField = (kind: string): string | undefined => PATHS[kind]?.at(-1);

/** The codes in a callback, each once. */
export function codesIn(kind: string, data: unknown): Code[] {
  let found: unknown[] = kind in PATHS ? [data] : [];
  for (const step of PATHS[kind] ?? []) {
    found = found.flatMap((value) => (step === '*' ? value : memberOf(value, step)));
  }
  return [...new Set(found)].filter((code) => typeof code === 'number' || typeof code === 'string');
}

const memberOf = (value: unknown, name: string): unknown =>
  (value as Record<string, unknown> | null | undefined)?.[name];
