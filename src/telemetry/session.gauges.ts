import type { BatchObservableResult, MeterProvider } from '@opentelemetry/api';

import { withTimeout } from '../common/with-timeout.js';
import type { LiveSessions } from '../sessions/live-sessions.service.js';
import { Instruments } from './instruments.js';

/** A scrape waits no longer for the database, ms. */
const DEADLINE_MS = 3_000;

/**
 * Shows at each scrape how many sessions are live. A registration whose database does not answer is left out:
 * that it does not, `ready` says.
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
        const byDomain = await one.read().catch(() => new Map<string, number>());
        for (const [domain, count] of byDomain) {
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
  /** Domains that had one: they have none now, and not no figure. */
  private readonly domains = new Set<string>();
  private asking: Promise<Map<string, number>> | undefined;

  constructor(private readonly sessions: LiveSessions) {}

  get registration(): string {
    return this.sessions.registration;
  }

  async read(): Promise<Map<string, number>> {
    this.asking ??= this.sessions.liveByDomain().finally(() => (this.asking = undefined));
    const found = await withTimeout(this.asking, DEADLINE_MS, () => new Error('too late'));
    for (const domain of found.keys()) this.domains.add(domain);
    return new Map([...this.domains].map((domain) => [domain, found.get(domain) ?? 0]));
  }
}
