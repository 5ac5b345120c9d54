import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import {
  LiveSessions,
  OnLiveEvent,
  type LiveCallbackModuleOptions,
  type LiveEvent,
  type SessionEventKind,
} from '../../src/index.js';
import {
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import type { CallbackFields } from '../../src/testing/callback-fields.js';
import { KEY, startHost, type Host, type StartOptions } from '../support/application.js';

export type SessionEvent = LiveEvent<SessionEventKind>;

/** Keeps what is told of sessions. */
@Injectable()
export class SessionEvents {
  readonly events: SessionEvent[] = [];

  @OnLiveEvent(
    [
      'session-started',
      'session-interrupted',
      'session-resumed',
      'session-ended',
      'session-corrected',
    ],
    { id: 'session-events' },
  )
  on(event: SessionEvent): void {
    this.events.push(event);
  }

  get kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }
}

/** Starts a host with sessions, and a listener of their events. */
export function startSessions({ options, module, ...start }: StartOptions): Promise<Host> {
  const sessions: LiveCallbackModuleOptions['sessions'] = {};
  return startHost({
    ...start,
    options: { sessions, ...options },
    module: { ...module, providers: [SessionEvents, ...(module?.providers ?? [])] },
  });
}

/** A push of a stream. */
export const push = (stream: string, sequence: string, at: number, more: CallbackFields = {}) =>
  streamPushCallback({ stream_id: stream, channel_id: stream, sequence, event_time: at, ...more });

/** Its interruption. */
export const interruption = (
  stream: string,
  sequence: string,
  at: number,
  seconds: number,
  more: CallbackFields = {},
) =>
  streamInterruptCallback({
    stream_id: stream,
    channel_id: stream,
    sequence,
    event_time: at,
    push_duration: String(seconds * 1000),
    ...more,
  });

/** Sends callbacks one after the other, and waits for all that comes of them. */
export async function send(host: Host, ...callbacks: object[]): Promise<void> {
  for (const callback of callbacks) {
    const { status } = await host.send(signCallback(callback, { key: KEY }));
    if (status !== 200) throw new Error(`answered with ${status}`);
  }
  await whenListenersDone(host.app);
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}

export const sessionsOfHost = (host: Host) => host.app.get(LiveSessions, { strict: false });
export const eventsOfHost = (host: Host) => host.app.get(SessionEvents, { strict: false });

/** Now, Unix seconds. */
export const now = () => Math.floor(Date.now() / 1000);
