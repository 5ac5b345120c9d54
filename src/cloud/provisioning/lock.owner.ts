import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The process that holds a lock, in a form that no later process can be mistaken for. */
export interface LockOwner {
  readonly pid: number;
  /** When the process began, as the system counts; absent where that cannot be known. */
  readonly started?: string;
  /** Where `pid` means something: host, boot and namespace of process ids. */
  readonly machine: string;
}

/** `unknown`: it runs on another machine, or the system does not tell. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** This process. */
export function thisProcess(): LockOwner {
  const started = stateOf(process.pid)?.started;
  return { pid: process.pid, ...(started !== undefined && { started }), machine: thisMachine() };
}

/** Whether the process that a lock names still runs. */
export function livenessOf({ pid, started, machine }: LockOwner): Liveness {
  if (machine !== thisMachine()) return 'unknown';
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other error: it is there, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  const state = stateOf(pid);
  if (state === undefined || started === undefined) return 'unknown';
  return state.started === started && !state.hasEnded ? 'alive' : 'dead';
}

function thisMachine(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return [hostname(), boot, attempt(() => readlinkSync('/proc/self/ns/pid'))].join(' ').trim();
}

/** Of Linux; elsewhere undefined, and the heartbeat of a lock decides. */
function stateOf(pid: number): { started: string; hasEnded: boolean } | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name of the program is in parentheses, and may hold any.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields ?? [];
  const started = fields?.[19];
  if (state === undefined || started === undefined) return undefined;
  return { started, hasEnded: state === 'Z' || state === 'X' };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
