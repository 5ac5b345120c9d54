import { parseJson, type JsonValue } from './payload.js';

/** JSON that the sender put inside a string, such as `callback_ext` of a recorded file. */
export class JsonText {
  private constructor(
    /** The text as sent. */
    readonly text: string,
    /** The parsed value; undefined when the text is not JSON. */
    readonly value: JsonValue | undefined,
  ) {}

  /** Takes a text, or a value that the sender did not wrap into one. */
  static from(value: unknown): JsonText {
    if (typeof value !== 'string') return new JsonText(JSON.stringify(value), value as JsonValue);
    try {
      return new JsonText(value, parseJson(value));
    } catch {
      return new JsonText(value, undefined);
    }
  }
}
