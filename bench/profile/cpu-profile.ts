/** What the profiler of V8 writes. Times are in µs. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

/** A function; without a URL it is native, or a pseudo-function such as `(garbage collector)`. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
}

/** One place in the tree of calls, and the time that was spent right there. */
export interface Call {
  readonly frame: CallFrame;
  readonly parent: Call | undefined;
  selfMicros: number;
}

/** The calls of a profile, without idle time and without the profiler itself. */
export function callsOf({ nodes, samples, timeDeltas }: CpuProfile): Call[] {
  const parents = new Map<number, number>();
  for (const { id, children } of nodes) for (const child of children ?? []) parents.set(child, id);
  const calls = new Map<number, Call>();
  // Parents come before their children in a profile.
  for (const { id, callFrame } of nodes) {
    const parent = calls.get(parents.get(id) ?? -1);
    calls.set(id, { frame: callFrame, parent, selfMicros: 0 });
  }
  samples.forEach((id, index) => {
    const call = calls.get(id);
    if (call) call.selfMicros += timeDeltas[index] ?? 0;
  });
  return [...calls.values()].filter((call) => {
    const isIdle = call.frame.functionName === '(idle)';
    return call.selfMicros > 0 && !isIdle && !isOfProfiler(call);
  });
}

function isOfProfiler(call: Call): boolean {
  for (let at: Call | undefined = call; at; at = at.parent) {
    if (at.frame.url.endsWith('/contenders/cpu-profile.js')) return true;
  }
  return false;
}
