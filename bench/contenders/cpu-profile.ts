import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const session = new Session();

/**
 * A CPU profile of a stretch of time, so that it holds the load and not the start of the process, as
 * `--cpu-prof` would.
 */
export const cpuProfile = {
  async startProfile(intervalMicros: number): Promise<void> {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: intervalMicros });
    await session.post('Profiler.start');
  },

  async stopProfile(path: string): Promise<void> {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(path, JSON.stringify(profile));
  },
};
