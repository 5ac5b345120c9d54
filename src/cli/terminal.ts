import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

import { SecretMask } from './secret.mask.js';

/** A stream that may be a screen or a keyboard. */
type MaybeTty<T> = T & { readonly isTTY?: boolean };

/** Where a command reads and writes. */
export interface TerminalStreams {
  readonly stdin: MaybeTty<Readable>;
  readonly stdout: MaybeTty<Writable>;
  readonly stderr: MaybeTty<Writable>;
}

/** How often progress is told where it cannot overwrite itself, ms. */
const PROGRESS_MS = 5_000;

/** The screen: answers on stdout, everything else on stderr, and no secret on either. No colours. */
export class Terminal {
  private readonly secrets = new SecretMask();
  private toldAt?: number;
  private hasProgress = false;

  constructor(
    readonly streams: TerminalStreams,
    readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  /** Keeps these off the screen from now on. */
  conceal(...secrets: readonly (string | undefined)[]): void {
    this.secrets.add(...secrets);
  }

  /** A line that another may have written, without its secrets, and harmless on a screen. */
  printable(text: string): string {
    return this.secrets.mask(escapeLine(text));
  }

  /** Writes a line of the answer. */
  line(text = ''): void {
    this.write(this.printable(text));
  }

  /** Writes an answer of several lines. */
  text(text: string): void {
    this.write(this.secrets.mask(escapeText(text)));
  }

  /** Writes an answer for programs. */
  json(value: unknown): void {
    this.text(JSON.stringify(value, null, 2));
  }

  /** Writes one of many answers for programs, a line each. */
  jsonLine(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** Writes a line that is no part of the answer. */
  note(text: string): void {
    this.clearProgress();
    this.streams.stderr.write(`${this.secrets.mask(escapeText(text))}\n`);
  }

  /** Tells how far it is: on a screen in place, elsewhere a line now and then. */
  progress(text: string): void {
    const { stderr } = this.streams;
    if (stderr.isTTY) {
      stderr.write(`\r\u001B[K${this.printable(text)}`);
      this.hasProgress = true;
      return;
    }
    // The work is timed, not the start of the program: on a busy machine that alone takes seconds.
    const now = performance.now();
    this.toldAt ??= now;
    if (now - this.toldAt < PROGRESS_MS) return;
    this.toldAt = now;
    this.note(text);
  }

  /** Whether somebody sits there who can be asked. */
  get isInteractive(): boolean {
    // In this order: to look at stdin is to open it, which a shell in the background does not like.
    return this.streams.stderr.isTTY === true && this.streams.stdin.isTTY === true;
  }

  /** Asks a question; anything but "yes" is no. */
  async confirm(question: string, signal?: AbortSignal): Promise<boolean> {
    this.clearProgress();
    const { stdin: input, stderr: output } = this.streams;
    const reader = createInterface({ input, output });
    try {
      const text = `${this.printable(question)} Type "yes" to go on: `;
      return (await reader.question(text, signal ? { signal } : {})).trim() === 'yes';
    } finally {
      reader.close();
    }
  }

  private write(text: string): void {
    this.clearProgress();
    this.streams.stdout.write(`${text}\n`);
  }

  private clearProgress(): void {
    if (this.hasProgress) this.streams.stderr.write('\r\u001B[K');
    this.hasProgress = false;
  }
}

/** Characters that move the cursor, colour, hide or turn round what a terminal shows. */
const CONTROL = /[\p{Cc}\p{Cs}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu;

/** Whoever wrote a text, it stays one line, and a text: as JSON writes such characters. */
function escapeLine(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** The same with lines and indents of the program's own. */
function escapeText(text: string): string {
  return text.replace(CONTROL, (one) => (one === '\n' || one === '\t' ? one : escaped(one)));
}

function escaped(one: string): string {
  return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
