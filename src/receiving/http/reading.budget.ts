/** What bodies that are being read may hold together, bytes. Nobody is verified by then. */
const MAX_BYTES = 24 * 1024 * 1024;
/** How many bodies may be read at once. */
const MAX_BODIES = 10_000;
/** How many of them may come from one address, once there are several. */
const MAX_OF_ADDRESS = 256;

/** A body that is being read. */
export interface Reading {
  readonly address: string | null;
  /** What has come of it, bytes. */
  bytes: number;
  /** Called when others need its place. */
  evict(): void;
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

  get count(): number {
    return this.readings.size;
  }

  get bytes(): number {
    return this.held;
  }

  begin(reading: Reading): void {
    this.readings.add(reading);
    let others = this.ofAddress.get(reading.address);
    if (!others) this.ofAddress.set(reading.address, (others = new Set()));
    others.add(reading);
    // All traffic of a balancer that the host does not trust as a proxy has one address.
    if (others.size > MAX_OF_ADDRESS && this.ofAddress.size > 1) first(others).evict();
    if (this.readings.size > MAX_BODIES) first(this.readings).evict();
  }

  /** To be called for each part that has come. */
  grow(reading: Reading, bytes: number): void {
    reading.bytes += bytes;
    this.held += bytes;
    while (this.held > MAX_BYTES) largest(this.readings).evict();
  }

  end(reading: Reading): void {
    if (!this.readings.delete(reading)) return;
    this.held -= reading.bytes;
    const others = this.ofAddress.get(reading.address);
    others?.delete(reading);
    if (others?.size === 0) this.ofAddress.delete(reading.address);
  }
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
