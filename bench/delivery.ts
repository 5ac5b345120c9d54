/**
 * Measures how fast listeners get what was received: in process, on several nodes, and over BullMQ.
 *
 *     npm run bench:delivery -- --rounds 5 --seconds 8 --rate 300 --forms in-process,bullmq
 *
 * Writes `results/delivery.md` and `.json`. Exits with 1 when a callback was lost, an answer was wrong,
 * or a listener did not run exactly once for each callback.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { ChildHandle } from './child.handle.js';
import { versionsOf } from './compare.js';
import { choose } from './choose.js';
import { compile } from './compile.js';
import { toMarkdown } from './delivery/delivery.report.js';
import { FORMS, IN_PROCESS } from './delivery/forms.js';
import { measureDelivery, type DeliveryMeasurement } from './delivery/measure.js';
import { machine } from './machine.js';
import { BenchRedis } from './redis.js';
import { progress, RESULTS, writeReport } from './report.js';
import { inOrder, isClean, type RoundOf } from './rounds.js';
import type { Bench } from './subject.js';
import { number } from './table.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '8' },
    warmup: { type: 'string', default: '5' },
    rate: { type: 'string', default: '300' },
    connections: { type: 'string', default: '64' },
    forms: { type: 'string', default: '' },
    out: { type: 'string', default: RESULTS },
  },
});
const count = positive('rounds', values.rounds);
const settings = {
  seconds: positive('seconds', values.seconds),
  warmup: positive('warmup', values.warmup),
  rate: positive('rate', values.rate),
  connections: positive('connections', values.connections),
};
const forms = choose(FORMS, values.forms, 'form');
if (!forms.includes(IN_PROCESS)) {
  throw new Error(`--forms needs ${IN_PROCESS.name}: the other forms are compared with it.`);
}
const services = [...(await versionsOf(forms)), await redisVersion()];

using compiled = compile();
const generator = await ChildHandle.start(compiled.program('load/generator'));
try {
  const bench = { compiled, generator, connections: settings.connections };
  const rounds: RoundOf<DeliveryMeasurement>[] = [];
  for (let round = 1; round <= count; round++) {
    rounds.push(await runRound(round, bench));
    // Written after each round: a run that is cut off has not been for nothing.
    const found = { machine: machine(), services, settings, rounds };
    const data = { ...found, rounds: rounds.map((it) => Object.fromEntries(it)) };
    writeReport(values.out, 'delivery', toMarkdown(found), data);
  }
  process.exitCode = isClean(rounds) ? 0 : 1;
} finally {
  await generator.stop();
}

async function runRound(round: number, bench: Bench): Promise<RoundOf<DeliveryMeasurement>> {
  const measured = new Map<string, DeliveryMeasurement>();
  for (const form of inOrder(forms, round)) {
    const result = await measureDelivery(form, round, settings, bench);
    measured.set(form.name, result);
    const { paced, saturation, problems } = result;
    progress(
      [
        `round ${round}, ${form.name}: ${number(saturation.deliveries)}/s, p99 ${number(paced.delivery.p99)} ms`,
        ...problems,
      ].join('\n  '),
    );
  }
  return measured;
}

/** @throws Error when Redis does not answer: before minutes have passed */
async function redisVersion(): Promise<string> {
  const redis = await BenchRedis.create();
  try {
    return await redis.version();
  } finally {
    await redis.drop();
  }
}
