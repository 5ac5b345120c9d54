/** What was found about one thing. */
export interface Finding {
  /** What was looked at: `key`, `clock`, `database`, `migrations`, `route stream-push`, … */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'broken';
  readonly detail: string;
  /** What to do; empty when all is well. */
  readonly fix: string;
}

/** All is well. */
export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail, fix: '' };
}

/** It works, but not well. */
export function warning(check: string, detail: string, fix: string): Finding {
  return { check, status: 'warning', detail, fix };
}

/** Callbacks are lost, or forged ones are taken. */
export function broken(check: string, detail: string, fix: string): Finding {
  return { check, status: 'broken', detail, fix };
}

/** A finding as lines. */
export function formatFinding({ check, status, detail, fix }: Finding): string {
  const line = `${status.padEnd(8)} ${check}: ${detail}`;
  return fix === '' ? line : `${line}\n         fix: ${fix}`;
}
