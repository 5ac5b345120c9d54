/** What a number or name of the sender means, for people and for programs. */
export interface Meaning<Code extends number | string = number | string> {
  /** As it stands on the wire. */
  readonly code: Code;
  /** Stable identifier to branch on. */
  readonly id: string;
  readonly en: string;
  readonly zh: string;
  /** What to do about it. */
  readonly hint: Hint;
}

interface Hint {
  readonly en: string;
  readonly zh: string;
}

/** Makes a table of rows: code, identifier, name of the hint, English, Chinese. */
export function meaningsOf<Code extends number | string, Name extends string>(
  hints: Readonly<Record<Name, Hint>>,
  rows: readonly (readonly [code: Code, id: string, hint: Name, en: string, zh: string])[],
): readonly Meaning<Code>[] {
  return rows.map(([code, id, hint, en, zh]) => ({ code, id, en, zh, hint: hints[hint] }));
}

/** Makes a lookup function over a table. */
export function lookupIn<Code extends number | string>(
  table: readonly Meaning<Code>[],
): (code: Code | null | undefined) => Meaning<Code> | undefined {
  const byCode = new Map<Code | null | undefined, Meaning<Code>>(
    table.map((meaning) => [meaning.code, meaning]),
  );
  return (code) => byCode.get(code);
}
