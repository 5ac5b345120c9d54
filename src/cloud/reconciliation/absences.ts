/** How long a push has been missing from whole lists of what is live. */
export interface Absence {
  /** First list that lacked it, Unix milliseconds. */
  readonly since: number;
  /** Last list that had it; null when none had it in the time of this process. */
  readonly lastSeenAt: number | null;
  /** Lists that lacked it. */
  readonly lists: number;
}

/**
 * Remembers which pushes are missing from the lists. In memory only: a process that takes over begins anew, and
 * concludes the same, later.
 */
export class Absences {
  private readonly domains = new Map<string, Memory>();

  /** By id of the push. */
  get all(): (readonly [id: string, absence: Absence])[] {
    return [...this.domains.values()].flatMap(({ missing }) => [...missing]);
  }

  get size(): number {
    return [...this.domains.values()].reduce((sum, { missing }) => sum + missing.size, 0);
  }

  present(domain: string, id: string, at: number): void {
    const { seen, missing } = this.of(domain);
    seen.set(id, at);
    missing.delete(id);
  }

  absent(domain: string, id: string, at: number): Absence {
    const { seen, missing } = this.of(domain);
    const before = missing.get(id);
    const absence = {
      since: before?.since ?? at,
      lastSeenAt: seen.get(id) ?? null,
      lists: (before?.lists ?? 0) + 1,
    };
    missing.set(id, absence);
    return absence;
  }

  /** Forgets all of a domain but some. */
  keep(domain: string, ids: ReadonlySet<string>): void {
    for (const known of Object.values(this.of(domain))) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    }
  }

  private of(domain: string): Memory {
    const memory = this.domains.get(domain) ?? { seen: new Map(), missing: new Map() };
    this.domains.set(domain, memory);
    return memory;
  }
}

interface Memory {
  readonly seen: Map<string, number>;
  readonly missing: Map<string, Absence>;
}
