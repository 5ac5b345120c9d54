import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks in a second: `getconf CLK_TCK`, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What /proc says of a process: its parent, its name, and its CPU time in ticks. */
interface Stat {
  readonly parent: number;
  readonly name: string;
  readonly own: number;
  /** Of children that have ended. */
  readonly ended: number;
}

/**
 * CPU time of a process and of all that it has started, seconds; null where there is no /proc. A
 * database server has other clients too, so this is only right on a quiet machine.
 */
export function cpuSecondsOf(pid: number): number | null {
  const root = statOf(pid);
  if (!root) return null;
  let ticks = root.own + root.ended;
  for (const child of processIds()) {
    const stat = statOf(child);
    if (stat?.parent === pid) ticks += stat.own + stat.ended;
  }
  return ticks / TICKS_PER_SECOND;
}

/** CPU time of one process or, as `pid/task/tid`, of one thread, seconds; 0 when it has ended. */
export function ownSecondsOf(task: string): number {
  return (statOf(task)?.own ?? 0) / TICKS_PER_SECOND;
}

/** Parent of the process with this id and name; null when it does not run on this machine. */
export function parentOf(pid: number, name: string): number | null {
  const stat = statOf(pid);
  return stat?.name === name ? stat.parent : null;
}

/** The only process with one of these names; null when there are none or several. */
export function processNamed(...names: string[]): number | null {
  const found = processIds().filter((pid) => names.includes(statOf(pid)?.name ?? ''));
  return found.length === 1 ? (found[0] ?? null) : null;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isSafeInteger);
  } catch {
    return []; // not Linux
  }
}

function statOf(pid: number | string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // ended meanwhile, or not Linux
  }
  // The name stands in brackets and may hold anything; what follows is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (...indices: number[]) =>
    indices.reduce((sum, index) => sum + Number(fields[index]), 0);
  return {
    parent: Number(fields[1]),
    name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    own: ticks(11, 12),
    ended: ticks(13, 14),
  };
}
