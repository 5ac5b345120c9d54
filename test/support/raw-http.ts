import { connect, type Socket } from 'node:net';

/** One HTTP answer, as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
}

/** What a request is made of; anything a well-behaved client would never send included. */
export interface RawRequest {
  readonly method?: string;
  /** The request target as it stands in the request line. */
  readonly target?: string;
  readonly version?: string;
  readonly body?: string | Buffer;
  /** Replace the usual headers by name; null leaves one out, a list repeats it. */
  readonly headers?: Record<string, string | readonly string[] | null>;
}

/** How long an answer may take before the connection counts as dead, ms. */
const PATIENCE_MS = 50_000;

/** The bytes of a request: `POST` of JSON with host, media type and length unless told otherwise. */
export function requestBytes(request: RawRequest): Buffer {
  const { method = 'POST', target = '/live-callback', version = 'HTTP/1.1' } = request;
  const body = Buffer.from(request.body ?? '');
  const headers: NonNullable<RawRequest['headers']> = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...request.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (value === null ? [] : [value].flat()).map((one) => `${name}: ${one}\r\n`),
  );
  const head = `${method} ${target} ${version}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** A body in chunks of the given size, with trailers. */
export function chunked(body: string | Buffer, size = 1024, trailers = ''): Buffer {
  const bytes = Buffer.from(body);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`)]);
}

/** A TCP connection that speaks whatever it is told to, and collects the answers. */
export class RawConnection {
  readonly closed: Promise<void>;
  private readonly socket: Socket;
  private received = Buffer.alloc(0);
  private isClosed = false;
  private wake: () => void = () => {};

  constructor(
    url: string,
    private readonly method = 'POST',
  ) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.socket.setTimeout(PATIENCE_MS, () => this.socket.destroy());
    // A server that refuses a body may reset the connection while it is being written.
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    this.closed = new Promise((resolve) => {
      const close = () => {
        this.isClosed = true;
        this.wake();
        resolve();
      };
      this.socket.once('end', close).once('close', close);
    });
  }

  write(bytes: string | Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Writes the bytes again and again, until the other side has had enough. */
  writeForEver(bytes: Buffer, everyMs: number): void {
    const timer = setInterval(() => this.write(bytes), everyMs);
    void this.closed.then(() => clearInterval(timer));
  }

  /** Sends FIN; answers may still come. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The next answer; undefined when the connection ends without one. */
  async answer(): Promise<RawAnswer | undefined> {
    for (;;) {
      const answer = this.take();
      if (answer && answer.status >= 200) return answer;
      if (answer) continue;
      if (this.isClosed) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private take(): RawAnswer | undefined {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.received.subarray(0, end).toString('latin1');
    const status = Number(head.slice(9, 12));
    const rest = this.received.subarray(end + 4);
    const length = this.lengthOf(head, status, rest);
    if (length === undefined || rest.length < length) return undefined;
    this.received = rest.subarray(length);
    return { status, head, body: rest.subarray(0, length).toString() };
  }

  /** Bytes of an answer's body as framed; undefined while its end is not in sight. */
  private lengthOf(head: string, status: number, rest: Buffer): number | undefined {
    if (this.method === 'HEAD' || status < 200 || status === 204) return 0;
    const announced = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (announced !== undefined) return Number(announced);
    if (/^transfer-encoding: *chunked/im.test(head)) {
      const last = rest.indexOf('0\r\n\r\n');
      return last < 0 ? undefined : last + 5;
    }
    return this.isClosed ? rest.length : undefined;
  }
}

/** Sends bytes on a connection of their own and waits for that many answers, or for its end. */
export async function exchange(
  url: string,
  bytes: Buffer,
  { answers = 1, method = 'POST' } = {},
): Promise<RawAnswer[]> {
  const connection = new RawConnection(url, method);
  connection.write(bytes);
  const received: RawAnswer[] = [];
  while (received.length < answers) {
    const answer = await connection.answer();
    if (!answer) break;
    received.push(answer);
  }
  connection.destroy();
  return received;
}
