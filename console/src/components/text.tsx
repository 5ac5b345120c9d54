/**
 * What text from outside may do to the text around it: control characters, marks that turn the direction of
 * writing, characters of no width. They are shown by their code, so that what is seen is what is there.
 */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029\ufff9-\ufffb]/gu;

export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `‹U+${code}›`;
  });
}

/** Text from outside, which keeps its direction to itself. Preact makes a text node of it, never HTML. */
export function Text({ of, none = '–' }: { of: string | null | undefined; none?: string }) {
  if (of === null || of === undefined || of === '') return <span class="none">{none}</span>;
  return <bdi>{visible(of)}</bdi>;
}
