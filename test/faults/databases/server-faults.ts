import { LONG, SHORT, type Fault } from './faulty-database.js';
import type { ServerProcess } from './server-process.js';

/** What can happen to a database server. */
export function serverFaults(server: ServerProcess, stopSignal: 'SIGINT' | 'SIGTERM'): Fault[] {
  const pausedFor = (duration: readonly [number, number]): Fault => ({
    kind: duration === SHORT ? 'paused' : 'paused for long',
    duration,
    begin: async () => server.pause(),
    end: () => server.resume(),
  });
  const killed: Fault = {
    kind: 'killed',
    duration: [200, 3_000],
    begin: () => server.kill(),
    end: () => server.start(),
  };
  const restarted: Fault = {
    kind: 'restarted',
    duration: [0, 0],
    begin: () => server.stop(stopSignal),
    end: () => server.start(),
  };
  return [killed, pausedFor(LONG), restarted, pausedFor(SHORT)];
}
