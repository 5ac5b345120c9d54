/**
 * Compares this module with what it replaces, in one run:
 *
 *     npm run bench -- --rounds 5 --seconds 8 --contenders postgres,handwritten
 *     npm run bench -- --quick
 *     npm run bench -- --memory --callbacks 1000000
 *     npm run bench -- --ramp
 *
 * Writes `results/comparison.md` and `.json` (with `--memory`: `memory`, with `--ramp`: `ramp`), with a
 * verdict per target.
 * Exits with 0 also when targets are missed, and with 1 when a callback was lost or an answer wrong.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { ChildHandle } from './child.handle.js';
import { compare } from './compare.js';
import { compile } from './compile.js';
import { chooseContenders } from './contenders.js';
import { measureMemory } from './memory.js';
import { positive } from './arguments.js';
import { measureRamp } from './ramp.js';
import { RESULTS } from './report.js';
import type { Bench } from './subject.js';

const FULL = { rounds: '5', seconds: '8', warmup: '5' };
/** Five minutes: enough to see where a figure has gone, not to claim one. */
const QUICK = { rounds: '1', seconds: '2', warmup: '2' };

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    warmup: { type: 'string' },
    quick: { type: 'boolean', default: false },
    connections: { type: 'string', default: '64' },
    contenders: { type: 'string', default: '' },
    memory: { type: 'boolean', default: false },
    ramp: { type: 'boolean', default: false },
    callbacks: { type: 'string', default: '1000000' },
    out: { type: 'string', default: RESULTS },
  },
});

const values = { ...(given.quick ? QUICK : FULL), ...given };

using compiled = compile();
const generator = await ChildHandle.start(compiled.program('load/generator'));
try {
  const bench = { compiled, generator, connections: positive('connections', values.connections) };
  process.exitCode = (await measured(bench)) ? 0 : 1;
} finally {
  await generator.stop();
}

function measured(bench: Bench): Promise<boolean> {
  const { out, contenders } = values;
  if (values.memory) {
    return measureMemory(bench, {
      contenders: chooseContenders(contenders || 'postgres,mariadb,sqlite'),
      callbacks: positive('callbacks', values.callbacks),
      out,
    });
  }
  const lengths = {
    seconds: positive('seconds', values.seconds),
    warmup: positive('warmup', values.warmup),
  };
  if (values.ramp) {
    const chosen = contenders || 'handwritten-save,handwritten,postgres,mariadb,sqlite';
    return measureRamp(bench, { ...lengths, contenders: chooseContenders(chosen), out });
  }
  return compare(bench, {
    ...lengths,
    contenders: chooseContenders(contenders),
    rounds: positive('rounds', values.rounds),
    out,
  });
}
