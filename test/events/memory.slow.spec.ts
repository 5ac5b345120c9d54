/** What bodies leave in memory when they are gone, measured in a process that collects its garbage. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

const run = promisify(execFile);

it('ever new wide bodies, each of another shape, leave nothing behind', async () => {
  const script = `
    import 'reflect-metadata';
    import { EventCatalog } from './src/events/event-catalog.ts';
    import { EventInterpreter } from './src/events/event-interpreter.ts';
    import { parsePayload } from './src/events/payload/payload.ts';
    const interpreter = new EventInterpreter(new EventCatalog());
    const take = (n) => {
      const members = [];
      for (let m = 0; m < 14_000; m++) members.push('"k' + n + '_' + m + '":' + m);
      const odd = n % 2 ? ',"x":1.0,"x":2' : '';
      const text = '{"event_type":' + n + ',' + members.join(',') + odd + '}';
      interpreter.interpret(parsePayload(text).value);
    };
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    take(0);
    const before = heap();
    for (let n = 1; n <= 80; n++) take(n);
    process.stdout.write(String((heap() - before) / 2 ** 20));`;
  const { stdout } = await run(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(Number(stdout)).toBeLessThan(8);
});
