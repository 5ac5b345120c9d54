import { cpus, release, totalmem, type } from 'node:os';

/** Where a run was made: figures of different machines cannot be compared. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly at: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.version,
    at: new Date().toISOString(),
  };
}

/** One line for the head of a report. */
export function machineLine({ cpu, cores, memoryGb, system, node, at }: Machine): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC, ${cores} × ${cpu}, ${memoryGb} GB, ${system}, Node ${node}`;
}
