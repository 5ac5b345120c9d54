import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Terminal } from '../../src/cli/terminal.js';

describe('progress where it cannot overwrite itself', () => {
  let stderr: PassThrough;
  let terminal: Terminal;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    stderr = new PassThrough();
    terminal = new Terminal({ stdin: new PassThrough(), stdout: new PassThrough(), stderr }, {});
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const told = () => String(stderr.read() ?? '');

  it('is silent about work that is done at once, however long the program took to start', () => {
    vi.advanceTimersByTime(60_000);
    terminal.progress('1 callback');
    expect(told()).toBe('');
  });

  it('is told every five seconds of the work', () => {
    terminal.progress('1 callback');
    vi.advanceTimersByTime(5_000);
    terminal.progress('2 callbacks');
    terminal.progress('3 callbacks');
    expect(told()).toBe('2 callbacks\n');
    vi.advanceTimersByTime(5_000);
    terminal.progress('4 callbacks');
    expect(told()).toBe('4 callbacks\n');
  });
});
