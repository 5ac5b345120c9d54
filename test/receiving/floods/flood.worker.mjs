// A stranger without key and token, in a thread of its own: { port, kind, seconds } as workerData.
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, kind } = workerData;
const LIMIT = 256 * 1024;

const head = (length) =>
  `POST /live-callback HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

const wide = () => {
  const fields = { event_type: 1, t: 2_000_000_000, sign: '0'.repeat(32) };
  for (let n = 0; n < 17_000; n++) fields[`k${n}`] = n;
  return JSON.stringify(fields);
};

/** What is sent on each socket, how many sockets there are, and how often one is opened again. */
const FLOODS = {
  'nearly whole bodies': { sockets: 256, send: head(LIMIT) + 'x'.repeat(LIMIT - 1), again: 50 },
  'bodies of one byte': { sockets: 10_000, send: `${head(100)}{`, again: 2_000 },
  'wide bodies': { sockets: 4, send: head(wide().length) + wide(), again: 60 },
};

const { sockets, send, again } = FLOODS[kind];
let isOver = false;
const open = new Set();

function attack() {
  if (isOver) return;
  const socket = net.connect(port, '127.0.0.1', () => socket.write(send));
  open.add(socket);
  socket.on('error', () => {});
  socket.on('data', () => socket.end());
  socket.on('close', () => {
    open.delete(socket);
    setTimeout(attack, again);
  });
}

// Not all in one turn: the generator shares the processor with what it attacks.
for (let n = 0; n < sockets; n++) setTimeout(attack, n / 5);

parentPort.on('message', () => {
  isOver = true;
  for (const socket of open) socket.destroy();
  parentPort.close();
});
