/** What the package costs a host: packages, space, and the time and memory of its import. */
import { strict as assert } from 'node:assert';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { manifest, run } from './package.mjs';

const BOUNDS = { packages: 5, own: 3.6, installed: 5.3, milliseconds: 90, memory: 12 };
const ROUNDS = 5;

const MEASURE = `
  const beside = ['reflect-metadata', '@nestjs/core', '@nestjs/platform-express', '@nestjs/typeorm', 'typeorm', 'class-validator', 'class-transformer'];
  for (const name of beside) await import(name);
  const { user, system } = process.cpuUsage();
  const { rss } = process.memoryUsage();
  await import('${manifest.name}');
  const used = process.cpuUsage();
  const milliseconds = (used.user + used.system - user - system) / 1000;
  console.log(JSON.stringify({ milliseconds, memory: (process.memoryUsage().rss - rss) / 2 ** 20 }));`;

/** Megabytes on disk, as `du` counts them. */
function sizeOf(path) {
  const stat = lstatSync(path);
  const own = (stat.blocks * 512) / 2 ** 20;
  if (!stat.isDirectory()) return own;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), own);
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
  const figures = {
    packages: names.length,
    own: sizes[0],
    installed: sizes.reduce((sum, size) => sum + size),
    // Of the processor, and the least: others may use it too.
    milliseconds: Math.min(...imports.map(({ milliseconds }) => milliseconds)),
    memory: Math.min(...imports.map(({ memory }) => memory)),
  };
  const text = Object.entries(figures).map(
    ([name, value]) => `${name} ${Number(value.toFixed(1))}`,
  );
  process.stdout.write(`It costs: ${text.join(', ')} (MB, ms).\n`);
  for (const [name, bound] of Object.entries(BOUNDS)) {
    assert.ok(figures[name] <= bound, `${name}: ${figures[name]}, and at most ${bound} is allowed`);
  }
}
