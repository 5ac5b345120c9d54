import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between an application and its database, or its Redis, and can take that away. */
export interface TcpProxy {
  readonly port: number;
  /** Ends all connections and takes no new ones, as a database that was killed. */
  cut(): Promise<void>;
  /** Holds back everything, as a database that hangs; new connections get no answer either. */
  hang(): void;
  /** Passes requests on and keeps the answers back: the client cannot know what was done. */
  mute(): void;
  /** Passes answers on so many milliseconds late. */
  delay(milliseconds: number): void;
  /** Is the database again. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(host: string, port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isHanging = false;
  let isMute = false;
  let lateMs = 0;
  const server = createServer((client) => {
    const upstream = connect(port, host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', (chunk) => {
        if (isHanging || (isMute && other === client)) return;
        if (lateMs > 0 && other === client) setTimeout(() => other.write(chunk), lateMs);
        else other.write(chunk);
      });
    }
  });
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  const cut = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    cut,
    hang() {
      isHanging = true;
    },
    mute() {
      isMute = true;
    },
    delay(milliseconds) {
      lateMs = milliseconds;
    },
    async restore() {
      isHanging = false;
      isMute = false;
      lateMs = 0;
      for (const socket of sockets) socket.destroy();
      if (!server.listening) await listen(address.port);
    },
    close: cut,
  };
}
