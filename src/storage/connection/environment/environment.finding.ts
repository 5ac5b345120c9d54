/** Something in a database that callbacks, or some of them, would not survive. */
export interface EnvironmentFinding {
  /** Stable name, which health shows. */
  readonly code: string;
  /** `broken`: some callbacks could never be stored. `risk`: what was acknowledged may be lost. */
  readonly severity: 'broken' | 'risk';
  readonly what: string;
  readonly fix: string;
}

export const broken = (code: string, what: string, fix: string): EnvironmentFinding => ({
  code,
  severity: 'broken',
  what,
  fix,
});

export const risk = (code: string, what: string, fix: string): EnvironmentFinding => ({
  code,
  severity: 'risk',
  what: `${what}: a power loss can take callbacks that were acknowledged`,
  fix,
});

/** What was found, in one line; the fix with each. */
export function findingsText(findings: readonly EnvironmentFinding[]): string {
  return findings.map(({ what, fix }) => `${what}. ${fix}`).join(' ');
}
