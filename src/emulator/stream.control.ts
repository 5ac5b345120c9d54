import type { EmulatedSession } from './stream.history.js';

/** `errcode` of a push that was stopped from outside, or replaced by a new one of its name. */
export const STOPPED_OR_REPLACED = 21;

/** Streams that run. The actions of the API that stop some work on it. */
export interface StreamControl {
  streams(): readonly {
    readonly session: EmulatedSession;
    interrupt(how: { errcode: number }): unknown;
  }[];
}
