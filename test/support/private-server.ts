import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { onTestFinished } from './current-test.js';
import { freePort } from './free-port.js';

export const PRIVATE_USER = 'events';
export const PRIVATE_PASSWORD = 'right-password';

/** A NATS server that wants a password and takes small messages only; it goes with the test. */
export async function startPrivateNats(): Promise<number> {
  const folder = scratchFolder();
  const port = await freePort();
  const config = join(folder, 'nats.conf');
  writeFileSync(
    config,
    `listen: 127.0.0.1:${port}\nmax_payload: 1024\nauthorization { user: ${PRIVATE_USER}, password: ${PRIVATE_PASSWORD} }\n`,
  );
  await startServer(port, 'nats-server', ['-c', config]);
  return port;
}

/** A Mosquitto that wants a password; it goes with the test. */
export async function startPrivateMosquitto(): Promise<number> {
  const folder = scratchFolder();
  const port = await freePort();
  const passwords = join(folder, 'passwords');
  execFileSync('mosquitto_passwd', ['-b', '-c', passwords, PRIVATE_USER, PRIVATE_PASSWORD]);
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${passwords}\nuser root\n`,
  );
  await startServer(port, 'mosquitto', ['-c', config]);
  return port;
}

export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-server-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @returns what ends it before the test does */
export async function startServer(
  port: number,
  command: string,
  args: string[],
): Promise<() => Promise<void>> {
  const server = spawn(command, args, { stdio: 'ignore' });
  const closed = once(server, 'close').catch(() => {});
  let failure: Error | undefined;
  server.once('error', (error) => (failure = error));
  onTestFinished(() => void server.kill('SIGKILL'));
  while (!(await answers(port))) {
    if (failure ?? server.exitCode !== null) {
      throw new Error(`${command} does not start`, { cause: failure });
    }
    await sleep(50);
  }
  return async () => {
    server.kill('SIGKILL');
    await closed;
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
