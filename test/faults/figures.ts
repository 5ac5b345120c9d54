/** What a run came to, by which it is judged. */
export interface Figures {
  /** Bodies that were answered with 200. */
  acked: number;
  /** Of those, bodies that are not in the table byte for byte. */
  lost: number;
  /** Kills of the application. */
  kills: number;
  /** Times without the database. */
  outages: number;
  /** Times that Redis was taken away or emptied; only with BullMQ. */
  redisFaults?: number;
  /** Ends of the application that the harness did not bring about. */
  crashes: number;
  /** 200 while nothing could be committed, and statuses other than 200 and 503. */
  wrongAnswers: number;
  /** The slowest answer of any kind, ms. */
  slowestAnswerMs: number;
  /** The longest time from a database that is back to the first 200, without a kill, ms. */
  recoveryMs: number;
  /** Time from SIGTERM to the end of the process, ms. */
  stopMs: number;
  /** Deliveries that are neither done nor dead at the end. */
  open: number;
  /** Dead letters; every listener of the harness ends well when it may. */
  dead: number;
  /** Stored events that a listener did not handle. */
  undelivered: number;
  /** Runs beyond the first of each delivery. */
  repeated: number;
  /** Of those, runs that no kill, outage or failure explains. */
  unexplained: number;
  /** Events whose transactional effect is not exactly one. */
  wrongEffects: number;
  /** Rows that hold the same body as another. */
  doubled: number;
  /** Events handled after a later one of their stream, without a kill or an outage meanwhile. */
  misordered: number;
  /** Events of several nodes, of which the first was not answered yet when the later one came. Told, not judged. */
  misorderedAtOnce?: number;
  /** The same with a kill meanwhile. Told, not judged. */
  misorderedAcrossKills: number;
  /** The same with an outage meanwhile. Told, not judged. */
  misorderedAcrossOutages: number;
}

/** What a run must have come to before it counts. */
export interface Goal {
  readonly callbacks: number;
  readonly kills: number;
}

/** Figures that must be zero. */
const FORBIDDEN = [
  'lost',
  'crashes',
  'wrongAnswers',
  'open',
  'dead',
  'undelivered',
  'unexplained',
  'wrongEffects',
  'doubled',
  'misordered',
] as const satisfies readonly (keyof Figures)[];

/**
 * Bounds, ms. Promised are 8 s, 5 s and 10 s; a machine that runs application, sender and database on
 * two cores may take a second more.
 */
export const BOUNDS = { slowestAnswerMs: 9_000, recoveryMs: 6_000, stopMs: 11_000 } as const;

/** The line by which a run is judged. */
export function lineOf(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, count]) => `${name}=${Math.round(count as number)}`)
    .join(' ');
}

/** Promises that did not hold, and goals that were not reached; empty for a clean run. */
export function breachesOf(figures: Figures, goal: Goal): string[] {
  const bounds = Object.entries(BOUNDS) as [keyof typeof BOUNDS, number][];
  return [
    ...FORBIDDEN.filter((name) => figures[name] > 0).map((name) => `${name} is not 0`),
    ...bounds
      .filter(([name, bound]) => figures[name] > bound)
      .map(([name, bound]) => `${name} is above ${bound}`),
    ...(figures.acked < goal.callbacks ? [`fewer than ${goal.callbacks} callbacks in time`] : []),
    ...(figures.kills < goal.kills ? [`fewer than ${goal.kills} kills in time`] : []),
  ];
}
