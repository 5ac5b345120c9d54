/**
 * Compares this module with what it replaces, in one run:
 *
 *     npm run bench -- --rounds 5 --seconds 8 --contenders postgres,handwritten
 *     npm run bench -- --memory --callbacks 1000000
 *
 * Writes `results/comparison.md` and `.json` (with `--memory`: `memory`), with a verdict per target.
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
import { RESULTS } from './report.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '8' },
    warmup: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    contenders: { type: 'string', default: '' },
    memory: { type: 'boolean', default: false },
    callbacks: { type: 'string', default: '1000000' },
    out: { type: 'string', default: RESULTS },
  },
});

using compiled = compile();
const generator = await ChildHandle.start(compiled.program('load/generator'));
try {
  const bench = { compiled, generator, connections: positive('connections', values.connections) };
  const isClean = values.memory
    ? await measureMemory(bench, {
        contenders: chooseContenders(values.contenders || 'postgres,mariadb,sqlite'),
        callbacks: positive('callbacks', values.callbacks),
        out: values.out,
      })
    : await compare(bench, {
        contenders: chooseContenders(values.contenders),
        rounds: positive('rounds', values.rounds),
        seconds: positive('seconds', values.seconds),
        warmup: positive('warmup', values.warmup),
        out: values.out,
      });
  process.exitCode = isClean ? 0 : 1;
} finally {
  await generator.stop();
}
