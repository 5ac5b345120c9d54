/**
 * Runs the suite of the repository against Nest 11 and TypeORM 0.3, in a copy outside. Arguments go to
 * vitest, such as the files to run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'live-callback-own-suite-'));
const inFolder = { cwd: folder, stdio: 'inherit' };

/** Majors of what was current with Nest 11. */
const OLDER = {
  '@nestjs/bullmq': '^11.0.0',
  '@nestjs/common': '^11.1.4',
  '@nestjs/core': '^11.1.4',
  '@nestjs/microservices': '^11.1.4',
  '@nestjs/platform-express': '^11.1.4',
  '@nestjs/platform-fastify': '^11.1.4',
  '@nestjs/swagger': '^11.0.0',
  '@nestjs/terminus': '^11.0.0',
  '@nestjs/testing': '^11.1.4',
  '@nestjs/typeorm': '^11.0.0',
  'class-validator': '^0.14.0',
  nats: '^2.0.0',
  typeorm: '^0.3.21',
};
/** Peers of what the tests use, which npm leaves out here; without Kafka's, Nest 11 ends the process. */
const PEERS = { '@lezer/highlight': '^1.0.0', '@lezer/lr': '^1.0.0', kafkajs: '^2.0.0' };
/** Compiled for minutes where it is installed. */
const LINKED = ['better-sqlite3', 'bindings', 'file-uri-to-path'];

try {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split(
    '\0',
  );
  for (const file of files.filter(Boolean)) {
    cpSync(join(root, file), join(folder, file));
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const known = Object.entries(OLDER).filter(
    ([name]) => name === 'nats' || name in manifest.devDependencies,
  );
  Object.assign(manifest.devDependencies, Object.fromEntries(known), PEERS);
  for (const name of LINKED) delete manifest.devDependencies[name];
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  rmSync(join(folder, 'package-lock.json'));
  execFileSync('npm', ['install', '--legacy-peer-deps', '--no-audit', '--no-fund'], inFolder);
  for (const name of LINKED) {
    const to = join(folder, 'node_modules', name);
    rmSync(to, { recursive: true, force: true });
    symlinkSync(join(root, 'node_modules', name), to);
  }
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const args = ['run', '--project', 'rooms', '--project', 'isolated', ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, [vitest, ...args], inFolder).status ?? 1;
} finally {
  if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true });
}
