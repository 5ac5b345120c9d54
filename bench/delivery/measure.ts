import type { Contender } from '../contenders.js';
import { Latencies } from '../load/latencies.js';
import type { Latency } from '../load/load.order.js';
import type { Lengths } from '../measurement.js';
import { Subject, type Bench, type Load, type Stretch } from '../subject.js';

/** What to send to each form. */
export interface DeliveryLoad extends Lengths {
  /** Callbacks per second at which latencies are taken. */
  readonly rate: number;
}

/** A stretch of load, and how long its deliveries took. */
interface TimedStretch extends Stretch {
  /** From when a callback was due to be sent to the end of its listener. */
  readonly delivery: Latency;
}

/** One form in one round. */
export interface DeliveryMeasurement {
  readonly contender: string;
  readonly round: number;
  /** At the same rate as the other forms. */
  readonly paced: TimedStretch;
  /** As fast as the connections can. */
  readonly saturation: TimedStretch;
  /** What went wrong; a run with any has failed. */
  readonly problems: readonly string[];
}

/** Measures a form in fresh processes on a fresh database. The warm-up is not counted. */
export async function measureDelivery(
  form: Contender,
  round: number,
  { seconds, warmup, rate }: DeliveryLoad,
  bench: Bench,
): Promise<DeliveryMeasurement> {
  await using subject = await Subject.start(form, bench);
  await timed(subject, { rate: null, seconds: warmup });
  const paced = await timed(subject, { rate, seconds });
  const saturation = await timed(subject, { rate: null, seconds });
  return { contender: form.name, round, paced, saturation, problems: await subject.verify() };
}

async function timed(subject: Subject, load: Load): Promise<TimedStretch> {
  const stretch = await subject.stretch(load);
  const latencies = new Latencies();
  for (const server of subject.servers) {
    for (const delay of await server.ask<number[]>('takeDelays')) latencies.add(delay);
  }
  return { ...stretch, delivery: latencies.summary() };
}
