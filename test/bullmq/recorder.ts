import { Injectable, type Type } from '@nestjs/common';

import { OnLiveEvent, type LiveEvent, type OnLiveEventOptions } from '../../src/index.js';

/** A listener of one test, and what it has seen. */
export interface Recorder {
  readonly listener: Type;
  readonly seen: LiveEvent<'stream-push'>[];
  /** Sequences of the pushes of a stream, in the order of the runs. */
  sequencesOf(stream: string): string[];
  readonly ids: string[];
}

/** Each process of the code base has the same listeners: a second one with the same id is another node. */
export function recorder(
  id = 'orders',
  act: (event: LiveEvent<'stream-push'>) => unknown = () => {},
  options: OnLiveEventOptions = {},
): Recorder {
  const seen: LiveEvent<'stream-push'>[] = [];

  @Injectable()
  class Orders {
    @OnLiveEvent('stream-push', { id, backoffMs: 20, ...options })
    async onPush(event: LiveEvent<'stream-push'>): Promise<void> {
      seen.push(event);
      await act(event);
    }
  }

  return {
    listener: Orders,
    seen,
    sequencesOf: (stream) =>
      seen.filter((event) => event.stream.name === stream).map(({ data }) => data.sequence!),
    get ids() {
      return seen.map((event) => event.id);
    },
  };
}
