import type { RefusalReason } from '../refusals/refusal.js';

/** What bodies that are being read may hold together, bytes. Nobody is verified by then. */
const MAX_BYTES = 24 * 1024 * 1024;
/** How many bodies may be read at once. */
const MAX_BODIES = 10_000;
/** How many of them may come from one address, once there are several. */
const MAX_OF_ADDRESS = 256;
/** How long a body may take to arrive, ms. The largest documented one fits into one packet. */
const BODY_TIMEOUT_MS = 8_000;
/** How often it is looked whether enough has come, ms. Often, so that a flood is not refused all at once. */
const PACE_MS = 100;
/**
 * How long a body may rest, ms, as where a packet was lost five times in a row (Linux sends it again after 0.2, 0.4,
 * 0.8, 1.6 and 3.2 s); from then on it has to come at a rate. Not less: the connections of a flood cost more when
 * they are closed and opened again than while they rest.
 */
const PATIENCE_MS = 6_000;
/** Bytes of a second. */
const LOWEST_RATE = 32 * 1024;

/** A body that is being read. */
export interface Reading {
  readonly address: string | null;
  /** When it began, as `performance.now()` says it. */
  readonly beganAt: number;
  /** What has come of it, bytes. */
  bytes: number;
  /** Called when others need its place, or it comes too slowly. */
  refuse(reason: RefusalReason): void;
}

/**
 * The bodies that have not come whole with their head. Anybody can send such ones, and let them last:
 * so nobody is refused for them, but the one that has lasted longest, or holds most, gives way.
 */
export class ReadingBudget {
  /** In the order in which they began. */
  private readonly readings = new Set<Reading>();
  private readonly ofAddress = new Map<string | null, Set<Reading>>();
  private held = 0;
  /** One for all of them: there may be thousands. */
  private pace: NodeJS.Timeout | undefined;

  get count(): number {
    return this.readings.size;
  }

  get bytes(): number {
    return this.held;
  }

  begin(reading: Reading): void {
    this.readings.add(reading);
    this.pace ??= setInterval(() => this.refuseSlow(), PACE_MS);
    let others = this.ofAddress.get(reading.address);
    if (!others) this.ofAddress.set(reading.address, (others = new Set()));
    others.add(reading);
    // All traffic of a balancer that the host does not trust as a proxy has one address.
    if (others.size > MAX_OF_ADDRESS && this.ofAddress.size > 1) evict(first(others));
    if (this.readings.size > MAX_BODIES) evict(first(this.readings));
  }

  /** To be called for each part that has come. */
  grow(reading: Reading, bytes: number): void {
    reading.bytes += bytes;
    this.held += bytes;
    while (this.held > MAX_BYTES) evict(largest(this.readings));
  }

  end(reading: Reading): void {
    if (!this.readings.delete(reading)) return;
    this.held -= reading.bytes;
    const others = this.ofAddress.get(reading.address);
    others?.delete(reading);
    if (others?.size === 0) this.ofAddress.delete(reading.address);
    if (this.readings.size > 0) return;
    clearInterval(this.pace);
    this.pace = undefined;
  }

  private refuseSlow(): void {
    const now = performance.now();
    for (const reading of this.readings) if (isSlow(reading, now)) reading.refuse('body-timeout');
  }
}

function isSlow({ beganAt, bytes }: Reading, now: number): boolean {
  const passed = now - beganAt;
  return passed >= BODY_TIMEOUT_MS || bytes < ((passed - PATIENCE_MS) / 1_000) * LOWEST_RATE;
}

function evict(reading: Reading): void {
  reading.refuse('overloaded');
}

function first(readings: ReadonlySet<Reading>): Reading {
  const [reading] = readings;
  return reading as Reading;
}

function largest(readings: ReadonlySet<Reading>): Reading {
  let found = first(readings);
  for (const reading of readings) if (reading.bytes > found.bytes) found = reading;
  return found;
}
