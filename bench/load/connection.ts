import { connect, type Socket } from 'node:net';

/** Told of each answer; `status` 0 when the connection was lost instead. */
export type OnAnswer = (connection: Connection, status: number, body: string) => void;

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * HTTP/1.1 with keep-alive on a bare socket, one request at a time: what a client library does for a
 * request costs more than what is to be measured.
 */
export class Connection {
  /** When the request on its way was sent, or should have been. */
  since = 0;
  isWaiting = false;
  buffer: Buffer = Buffer.alloc(0);
  private received = '';

  private constructor(
    private readonly socket: Socket,
    private readonly onAnswer: OnAnswer,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.onAnswer(this, 0, 'the connection was closed'));
  }

  static open(port: number, onAnswer: OnAnswer): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket, onAnswer));
      });
    });
  }

  /** Sends its buffer, which nobody may change before the answer has come. */
  send(since: number): void {
    this.since = since;
    this.isWaiting = true;
    this.socket.write(this.buffer);
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.received += chunk.toString('latin1');
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = Number(LENGTH.exec(this.received)?.[1]);
    const bodyAt = headEnd + HEAD_END.length;
    if (this.received.length < bodyAt + length) return;
    const status = Number(this.received.slice(9, 12));
    const body = this.received.slice(bodyAt);
    this.received = '';
    this.isWaiting = false;
    this.onAnswer(this, status, body);
  }
}
