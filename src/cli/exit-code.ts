/** How the command ends, as scripts see it. */
export const EXIT = {
  /** What was asked for was done, and the answer is good. */
  ok: 0,
  /** It was not done, or the answer is bad. */
  failed: 1,
  /** The command line cannot be understood; nothing was done. */
  usage: 2,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
