/**
 * Shows where the time of a callback goes:
 *
 *     npm run bench:profile -- --contender postgres --seconds 10 --rate 1500
 *
 * Writes `results/profile-<contender>.md` and `.json`, and the profile itself as `.cpuprofile`, which the
 * developer tools of a browser open. Exits with 1 when a callback was lost or an answer wrong.
 */
import 'reflect-metadata';

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { ChildHandle } from './child.handle.js';
import { compile } from './compile.js';
import { chooseContenders, type Contender } from './contenders.js';
import { machine, machineLine } from './machine.js';
import { callsOf, type CpuProfile } from './profile/cpu-profile.js';
import { causeOf, costsBy, functionOf, placeOf, type Cost } from './profile/costs.js';
import { RESULTS, writeReport } from './report.js';
import { Subject } from './subject.js';
import { number, table } from './table.js';

const INTERVAL_MICROS = 200;
const ROWS = 30;

const { values } = parseArgs({
  options: {
    contender: { type: 'string', default: 'postgres' },
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    // Callbacks per second; without it, as many as the connections can.
    rate: { type: 'string' },
    out: { type: 'string', default: RESULTS },
  },
});
const [contender] = chooseContenders(values.contender) as [Contender];
mkdirSync(values.out, { recursive: true });
const file = join(values.out, `profile-${contender.name}.cpuprofile`);

using compiled = compile();
const generator = await ChildHandle.start(compiled.program('load/generator'));
try {
  const connections = positive('connections', values.connections);
  await using subject = await Subject.start(contender, { compiled, generator, connections });
  await subject.stretch({ rate: null, seconds: positive('warmup', values.warmup) });
  await subject.server.ask('startProfile', INTERVAL_MICROS);
  const stretch = await subject.stretch({
    rate: values.rate === undefined ? null : positive('rate', values.rate),
    seconds: positive('seconds', values.seconds),
  });
  await subject.server.ask('stopProfile', file);
  const problems = await subject.verify();
  report(stretch.answered, problems);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await generator.stop();
}

function report(callbacks: number, problems: readonly string[]): void {
  const calls = callsOf(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile);
  const total = calls.reduce((sum, { selfMicros }) => sum + selfMicros, 0);
  const causes = costsBy(calls, causeOf);
  const places = costsBy(calls, ({ frame }) => placeOf(frame));
  const functions = costsBy(calls, functionOf);
  const costs = (heading: string, list: readonly Cost[]) =>
    table(
      [heading, 'µs per callback:', 'share:'],
      list
        .slice(0, ROWS)
        .map(({ name, micros }) => [
          name,
          micros / callbacks,
          `${((micros / total) * 100).toFixed(1)} %`,
        ]),
    );
  const markdown = [
    '# Where the time goes',
    machineLine(machine()),
    `${contender.title}: ${number(callbacks)} callbacks, ${number(total / callbacks)} µs each with the profiler on. Time without work is left out.`,
    '## By cause',
    'The nearest file of the module on the stack, with all that it calls in packages and in Node; where there is none, the nearest package.',
    costs('Cause', causes),
    '## By place',
    'Where the processor was, whoever called.',
    costs('File or package', places),
    '## By function',
    costs('Function', functions),
    ...problems.map((line) => `FAILED: ${line}`),
  ].join('\n\n');
  const data = { machine: machine(), contender, callbacks, total, causes, places, functions };
  writeReport(values.out, `profile-${contender.name}`, markdown, data);
}
