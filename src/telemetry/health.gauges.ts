import type { BatchObservableResult, MeterProvider } from '@opentelemetry/api';

import type { LiveCallbackHealth } from '../operations/health/live-callback.health.js';
import { Instruments } from './instruments.js';

/**
 * Shows the figures of the health reports at each scrape. They are cached there and end at 10000, so that a
 * scrape costs the same however much there is.
 *
 * @returns a function that ends it
 */
export function observeHealth(
  provider: MeterProvider,
  registrations: readonly LiveCallbackHealth[],
): () => void {
  const instruments = Instruments.of(provider);
  if (!instruments) return () => {};
  const { meter } = instruments;
  const gauges = {
    ready: instruments.gauge('ready'),
    offset: instruments.gauge('clock.offset'),
    spool: instruments.gauge('spool.entries'),
    backlog: instruments.gauge('backlog'),
    oldest: instruments.gauge('backlog.oldest'),
    dead: instruments.gauge('dead_letters'),
    quarantined: instruments.gauge('quarantined'),
    unknown: instruments.gauge('unknown'),
    paused: instruments.gauge('listener.paused'),
    open: instruments.gauge('breaker.open'),
    watermark: instruments.gauge('reconcile.watermark_age'),
    drift: instruments.gauge('template.drift'),
  };
  const shown = new Set<string>();
  const observeOne = async (result: BatchObservableResult, health: LiveCallbackHealth) => {
    const { registration } = health;
    const report = await health.report();
    const { status, clock, spooled, backlog } = report;
    const show = (gauge: keyof typeof gauges, value: number | null | undefined) => {
      const key = `${gauge} ${registration}`;
      // What is not observed any more the SDK goes on to show as it was.
      if (value != null) shown.add(key);
      else if (!shown.has(key)) return;
      result.observe(gauges[gauge], value ?? Number.NaN, { registration });
    };
    show('ready', status === 'up' ? 1 : 0);
    show('offset', clock.offsetSeconds);
    show('spool', spooled);
    show('backlog', backlog?.pending);
    show('oldest', backlog && (backlog.oldestSeconds ?? 0));
    show('dead', report.deadLetters);
    show('quarantined', report.quarantined);
    show('unknown', report.unknown);
    show('paused', report.listeners?.paused);
    show('open', report.listeners?.open);
    show('watermark', report.reconciliation?.watermarkSeconds);
    show('drift', report.templateDrift);
  };
  const observe = async (result: BatchObservableResult) => {
    await Promise.all(registrations.map((health) => observeOne(result, health)));
  };
  meter.addBatchObservableCallback(observe, Object.values(gauges));
  return () => meter.removeBatchObservableCallback(observe, Object.values(gauges));
}
