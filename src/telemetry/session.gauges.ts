import type { BatchObservableResult, MeterProvider } from '@opentelemetry/api';

import { withTimeout } from '../common/with-timeout.js';
import type { LiveSessions } from '../sessions/live-sessions.service.js';
import { Instruments } from './instruments.js';

/** A scrape waits no longer for the database, ms. */
const DEADLINE_MS = 3_000;
/** Domains that are told apart: whoever has seen a pair can name ever new ones. */
const MOST_DOMAINS = 100;
/** The domain of the rest. */
const OTHER = 'other';

/**
 * Shows at each scrape how many sessions are live; no number where the database does not answer, of which `ready`
 * tells.
 *
 * @returns a function that ends it
 */
export function observeSessions(
  provider: MeterProvider,
  registrations: readonly LiveSessions[],
): () => void {
  const instruments = Instruments.of(provider);
  const counts = registrations.filter(({ isOn }) => isOn).map((one) => new LiveCount(one));
  if (!instruments || counts.length === 0) return () => {};
  const { meter } = instruments;
  const live = instruments.gauge('sessions.live');
  const observe = async (result: BatchObservableResult) => {
    await Promise.all(
      counts.map(async (one) => {
        for (const [domain, count] of await one.read()) {
          result.observe(live, count, { registration: one.registration, domain });
        }
      }),
    );
  };
  meter.addBatchObservableCallback(observe, [live]);
  return () => meter.removeBatchObservableCallback(observe, [live]);
}

/** Counts for one registration, one question at a time. */
class LiveCount {
  /** Domains that had one. What is not observed any more the SDK goes on to show as it was. */
  private readonly domains = new Set<string>();
  private asking: Promise<Map<string, number>> | undefined;

  constructor(private readonly sessions: LiveSessions) {}

  get registration(): string {
    return this.sessions.registration;
  }

  async read(): Promise<Map<string, number>> {
    this.asking ??= this.sessions.liveByDomain().finally(() => (this.asking = undefined));
    const answer = withTimeout(this.asking, DEADLINE_MS, () => new Error('too late'));
    const found = await answer.catch(() => null);
    const counts = new Map<string, number>();
    const largestFirst = [...(found ?? [])].toSorted(([, one], [, other]) => other - one);
    for (const [domain, count] of largestFirst) {
      const name = this.nameOf(domain);
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
    const countOf = (domain: string) => (found ? (counts.get(domain) ?? 0) : Number.NaN);
    return new Map([...this.domains].map((domain) => [domain, countOf(domain)]));
  }

  private nameOf(domain: string): string {
    const name = this.domains.has(domain) || this.domains.size < MOST_DOMAINS ? domain : OTHER;
    this.domains.add(name);
    return name;
  }
}
