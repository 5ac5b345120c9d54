import type { Meter, MeterProvider, ObservableGauge } from '@opentelemetry/api';

import {
  METRIC_PREFIX,
  METRICS,
  SECONDS,
  type MetricAttributes,
  type MetricName,
} from './metric.table.js';
import { createNoopMeter } from './optional-packages.js';

/** Name under which metrics and spans are made. */
export const INSTRUMENTATION = 'nestjs-live-callback';

/** Makes the instruments of {@link METRICS}, checked against their attributes. */
export class Instruments {
  constructor(readonly meter: Meter) {}

  /** @returns null where no SDK has registered a provider: then nothing need be measured */
  static of(provider: MeterProvider): Instruments | null {
    const meter = provider.getMeter(INSTRUMENTATION);
    return meter === createNoopMeter() ? null : new Instruments(meter);
  }

  /** @returns a function that counts one */
  counter<N extends MetricName<'counter'>>(name: N): (attributes: MetricAttributes<N>) => void {
    const { description, unit } = METRICS[name];
    const counter = this.meter.createCounter(METRIC_PREFIX + name, { description, unit });
    // Prometheus sees no rise in a series that begins with its first event.
    if (METRICS[name].attributes.length === 0) counter.add(0);
    return (attributes) => counter.add(1, attributes);
  }

  /** @returns a function that records milliseconds, of which fewer than none count as none */
  histogram<N extends MetricName<'histogram'>>(
    name: N,
  ): (milliseconds: number, attributes: MetricAttributes<N>) => void {
    const { description, unit } = METRICS[name];
    const histogram = this.meter.createHistogram(METRIC_PREFIX + name, {
      description,
      unit,
      advice: { explicitBucketBoundaries: SECONDS },
    });
    return (milliseconds, attributes) =>
      histogram.record(Math.max(0, milliseconds) / 1000, attributes);
  }

  gauge(name: MetricName<'gauge'>): ObservableGauge {
    const { description, unit } = METRICS[name];
    return this.meter.createObservableGauge(METRIC_PREFIX + name, { description, unit });
  }
}
