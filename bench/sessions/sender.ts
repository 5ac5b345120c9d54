import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from '../load/connection.js';

const CONNECTIONS = 32;
const TICK_MS = 5;

/** Sends bodies at a rate, over connections that are kept. */
export class Sender {
  wrong = 0;
  private free: Connection[] = [];
  private answered = 0;

  constructor(
    private readonly port: number,
    private readonly rate: number,
  ) {}

  /** Resolves when all are answered. */
  async send(bodies: readonly string[]): Promise<void> {
    this.answered = 0;
    this.free = await Promise.all(
      Array.from({ length: CONNECTIONS }, () =>
        Connection.open(this.port, (connection, status) => {
          this.answered++;
          if (status !== 200) this.wrong++;
          if (status !== 0) this.free.push(connection);
        }),
      ),
    );
    const all = [...this.free];
    const startedAt = performance.now();
    let sent = 0;
    while (this.answered < bodies.length) {
      const due = Math.min(bodies.length, ((performance.now() - startedAt) / 1000) * this.rate);
      while (sent < due && this.free.length > 0) {
        const connection = this.free.shift()!;
        connection.buffer = requestOf(bodies[sent++]!);
        connection.send(performance.now());
      }
      await sleep(TICK_MS);
    }
    for (const connection of all) connection.close();
  }
}

function requestOf(body: string): Buffer {
  const head = [
    'POST /live-callback HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
