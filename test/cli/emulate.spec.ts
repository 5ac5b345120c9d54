/**
 * `live-callback emulate` and `tell`: scripts, the prompt, steps from another process, and both sides
 * at work together.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { KEY } from '../support/application.js';
import { answering, startReceiver } from '../support/callback-receiver.js';
import { freePort } from '../support/free-port.js';
import { cli, scratchFolder, type CliOptions, type CliRun } from './cli-support.js';

const ENV = { LIVE_CALLBACK_KEYS: KEY };

function script(content: string): string {
  const path = join(scratchFolder(), 'session.yaml');
  writeFileSync(path, content);
  return path;
}

const emulate = (args: string[], options: CliOptions = {}): Promise<CliRun> =>
  cli(['emulate', '--port', '0', ...args], { env: ENV, ...options });

describe('emulate, with a script', () => {
  it('runs a session of half an hour in a moment, and is done when all is acknowledged', async () => {
    const receiver = await startReceiver();
    const file = script(`
- fault lost-request kind=stream-push
- push room domain=push.example.com screenshots=10m hits=1 record=mp4 slice=15m
- wait 25m
- push-error room
- image-audit room
- screenshot room width=8
- report room kind=subtitles
- record-exception: { stream: room, type: -9 }
- interrupt: { stream: room, errcode: 3 }
- wait idle
- status
`);
    const run = await emulate(['--script', file, '--virtual', '-u', receiver.url]);
    expect(run.code).toBe(0);
    const kinds = receiver.requests.map(({ url }) => url.slice(1));
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect(count('stream-push')).toBe(1);
    expect(count('screenshot')).toBe(3);
    expect(count('image-audit')).toBe(3);
    expect(count('record-file')).toBeGreaterThanOrEqual(2);
    for (const kind of ['push-error', 'subtitles', 'record-exception', 'stream-interrupt']) {
      expect([kind, count(kind)]).toEqual([kind, 1]);
    }
    expect(run.stdout).toMatch(/stream-push .*: no answer within 20000 ms, again at/);
    expect(run.stdout).toMatch(/stream-push .*\(retry 1\).*: 200/);
    expect(run.stderr).toContain('0 given up');
    for (const { payload } of receiver.requests) {
      expect(run.stdout).not.toContain(String(payload['sign']));
    }
  });

  it('fails when something was given up, and tells it as JSON', async () => {
    const receiver = await startReceiver(answering(500));
    const file = script('{ "steps": ["push room", "wait idle"] }');
    const args = ['--script', file, '--virtual', '-u', receiver.url, '--profile', 'legacy2019'];
    const run = await emulate([...args, '--json']);
    expect(run.code).toBe(1);
    const attempts = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { retry: number; at: string; nextAttemptAt: string });
    expect(attempts.map(({ retry }) => retry)).toEqual([0, 1, 2, 3]);
    expect(Date.parse(attempts[0]!.nextAttemptAt) - Date.parse(attempts[0]!.at)).toBe(60_000);
    expect(attempts[3]!.nextAttemptAt).toBeNull();
    expect(attempts[0]).not.toHaveProperty('request');
  });

  it.each([
    ['- dance', 1, 'Step 1 (dance): There is no step "dance". Steps: push,'],
    ['- push', 1, 'push needs stream'],
    ['- push room colour=red', 1, 'push has no option "colour"'],
    ['- push room screenshots=often', 1, 'must be a duration'],
    ['- interrupt room', 1, 'No stream "room" has been pushed'],
    ['- fault nonsense', 1, 'There is no fault "nonsense"'],
    ['- push room now', 2, '"now" in "push room now" must be name=value'],
    ['- { push: {}, wait: 1s }', 2, 'an object with one name'],
    ['hello', 2, 'must hold a list of steps'],
    ['- [', 2, 'neither YAML nor JSON'],
  ])('refuses %j', async (content, code, message) => {
    const run = await emulate(['--script', script(content), '--virtual']);
    expect([run.code, run.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it('refuses what cannot be before it listens', async () => {
    const noKey = await emulate(['-u', 'http://127.0.0.1:1'], { env: {} });
    expect([noKey.code, noKey.stderr]).toEqual([2, expect.stringContaining('no callback key')]);
    const profile = await emulate(['--profile', 'future']);
    expect([profile.code, profile.stderr]).toEqual([2, expect.stringContaining('legacy2016')]);
    const missing = await emulate(['--script', '/nowhere.yaml']);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('(ENOENT)')]);
  });
});

describe('emulate, as it is set up', () => {
  it('signs each retry anew, unless it is told not to', async () => {
    const file = script('- push room\n- wait idle');
    for (const [flags, count] of [
      [[], 4],
      [['--no-resign'], 1],
    ] as const) {
      const receiver = await startReceiver(answering(500));
      const args = ['--script', file, '--virtual', '-u', receiver.url, '--profile', 'ai'];
      await emulate([...args, ...flags]);
      expect(receiver.requests).toHaveLength(4);
      expect(new Set(receiver.requests.map(({ payload }) => payload['t'])).size).toBe(count);
    }
  });

  it('stays up after its script when it is told to', async () => {
    const end = new AbortController();
    let output = '';
    const onOutput = (text: string) => (output += text);
    const args = ['--script', script('- status'), '--stay'];
    const running = emulate(args, { signal: end.signal, onOutput });
    await expect.poll(() => output).toContain('0 templates');
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
    expect((await cli(['tell', '--emulator', url, 'status'])).code).toBe(0);
    end.abort();
    expect((await running).code).toBe(0);
  });
});

describe('emulate, without a template', () => {
  it('says that callbacks go nowhere', async () => {
    const run = await emulate(['--script', script('- push room\n- wait idle'), '--virtual']);
    expect([run.code, run.stdout]).toEqual([0, '']);
    expect(run.stderr).toContain('Its callbacks go nowhere: no template');
  });
});

describe('emulate, with a prompt', () => {
  it('takes steps until it is told to exit', async () => {
    const receiver = await startReceiver();
    const stdin = 'help\npush room\nnonsense\n\nwait idle\ncalls\nexit\npush never\n';
    const run = await emulate(['-u', receiver.url], { isTty: true, stdin });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('interrupt STREAM [errcode=N]');
    expect(run.stderr).toContain('push.example.com/live/room is pushed');
    expect(run.stderr).toContain('There is no step "nonsense"');
    expect(receiver.requests.map(({ url }) => url)).toEqual(['/stream-push']);
  });
});

describe('emulate, told from elsewhere', () => {
  it('serves the API, sends by its templates, and ends when it is told to', async () => {
    const receiver = await startReceiver();
    const end = new AbortController();
    const port = await freePort();
    const where = ['--emulator', `http://127.0.0.1:${port}`];
    let output = '';
    const onOutput = (text: string) => (output += text);
    const signal = end.signal;
    const running = cli(['emulate', '--port', String(port), '--faster', '60'], {
      signal,
      onOutput,
    });
    await expect.poll(() => output, { timeout: 10_000 }).toContain(`http://127.0.0.1:${port}`);

    const taken = await cli(['emulate', '--port', String(port)]);
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('is taken')]);

    const state = join(scratchFolder(), 'state.yaml');
    writeFileSync(
      state,
      `stack: told\nbaseUrl: ${receiver.url}\ntemplates:\n  main:\n    key: ${KEY}\n    events: [stream-push]\n    rules: [{ domain: push.example.com }]\n`,
    );
    const endpoint = ['--endpoint', `http://127.0.0.1:${port}`];
    expect((await cli(['template', 'apply', '--state', state, ...endpoint])).code).toBe(0);
    const pushed = await cli(['tell', ...where, 'push', 'room', 'domain=push.example.com']);
    expect(pushed.stdout).toContain('push.example.com/live/room is pushed');
    expect((await cli(['tell', ...where, 'wait', 'idle'])).stdout).toBe('nothing is under way\n');
    expect(receiver.requests.map(({ url }) => url)).toEqual(['/stream-push']);
    expect((await cli(['tell', ...where, 'status'])).stdout).toContain('1 templates, 1 rules');
    const fault = ['api-fault', 'DescribeLiveCallbackRules', 'effect={"error":"InternalError"}'];
    expect((await cli(['tell', ...where, ...fault])).code).toBe(0);
    const bad = await cli(['tell', ...where, 'interrupt', 'other']);
    expect([bad.code, bad.stderr]).toEqual([1, 'No stream "other" has been pushed.\n']);

    end.abort();
    expect((await running).code).toBe(0);
    const gone = await cli(['tell', ...where, 'status']);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('Start one')]);
  });
});
