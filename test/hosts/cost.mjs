/** What the package costs a host: packages, space, memory, and the time of its import ÷ that of Nest and TypeORM. */
import { strict as assert } from 'node:assert';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { manifest, run } from './package.mjs';

const BOUNDS = { packages: 5, own: 3.6, installed: 5, importRatio: 0.12, memory: 12 };
const ROUNDS = 5;

const MEASURE = `
  const beside = ['reflect-metadata', '@nestjs/core', '@nestjs/platform-express', '@nestjs/typeorm', 'typeorm', 'class-validator', 'class-transformer'];
  const used = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
  const atFirst = used();
  for (const name of beside) await import(name);
  const host = used() - atFirst;
  const { rss } = process.memoryUsage();
  await import('${manifest.name}');
  const milliseconds = used() - atFirst - host;
  console.log(JSON.stringify({ host, milliseconds, memory: (process.memoryUsage().rss - rss) / 2 ** 20 }));`;

/** Megabytes, as npm counts the unpacked size: a file system's blocks differ from machine to machine. */
function sizeOf(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size / 1e6;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** A package and what it depends on. */
function withDependencies(at, name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const path = join(at, 'node_modules', name, 'package.json');
  const { dependencies = {} } = JSON.parse(readFileSync(path, 'utf8'));
  for (const next of Object.keys(dependencies)) withDependencies(at, next, found);
  return found;
}

export function cost(at) {
  const names = [...withDependencies(at, manifest.name)];
  const sizes = names.map((name) => sizeOf(join(at, 'node_modules', name)));
  const imports = Array.from({ length: ROUNDS }, () =>
    JSON.parse(run(process.execPath, ['--input-type=module', '-e', MEASURE], at)),
  );
  // Of the processor, and the least: others may use it too.
  const least = (name) => Math.min(...imports.map((it) => it[name]));
  const milliseconds = least('milliseconds');
  const figures = {
    packages: names.length,
    own: sizes[0],
    installed: sizes.reduce((sum, size) => sum + size),
    importRatio: milliseconds / least('host'),
    memory: least('memory'),
  };
  const text = Object.entries(figures).map(
    ([name, value]) => `${name} ${Number(value.toFixed(2))}`,
  );
  process.stdout.write(
    `It costs: ${text.join(', ')} (MB); its import ${milliseconds.toFixed(0)} ms of the processor.\n`,
  );
  for (const [name, bound] of Object.entries(BOUNDS)) {
    assert.ok(figures[name] <= bound, `${name}: ${figures[name]}, and at most ${bound} is allowed`);
  }
}
