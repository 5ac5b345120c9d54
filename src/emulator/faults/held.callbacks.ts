import type { CallbackOrigin, OutgoingCallback } from '../outgoing.callback.js';

interface Held {
  readonly callback: OutgoingCallback;
  readonly after: string | undefined;
  readonly release: () => void;
}

/** Callbacks that wait until another one of their stream has overtaken them. */
export class HeldCallbacks {
  private readonly held = new Set<Held>();

  get size(): number {
    return this.held.size;
  }

  /**
   * @param after kind of the callback that overtakes; any when undefined
   * @param release sends the callback; called once
   * @returns releases it now, if nothing has overtaken it yet
   */
  hold(callback: OutgoingCallback, after: string | undefined, release: () => void): () => void {
    const entry = { callback, after, release };
    this.held.add(entry);
    return () => this.let(entry);
  }

  /** A callback has come to its end: those that wait for it may go. */
  passed({ kind, origin }: OutgoingCallback): void {
    for (const entry of this.held) {
      const isAwaited = entry.after === undefined || entry.after === kind;
      if (isAwaited && isSameStream(entry.callback.origin, origin)) this.let(entry);
    }
  }

  /** Nothing waits any longer. */
  releaseAll(): void {
    for (const entry of this.held) this.let(entry);
  }

  private let(entry: Held): void {
    if (this.held.delete(entry)) entry.release();
  }
}

function isSameStream(one: CallbackOrigin, other: CallbackOrigin): boolean {
  return (
    one.domain === other.domain &&
    one.appName === other.appName &&
    one.streamName === other.streamName
  );
}
