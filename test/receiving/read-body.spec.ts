/** What may be read at once, before anybody is verified. */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CallbackRefusedError } from '../../src/receiving/refusals/refusal.js';
import { readBody } from '../../src/receiving/http/read-body.js';
import { ReadingBudget } from '../../src/receiving/http/reading.budget.js';
import { heapAfterCollection } from '../support/heap.js';

const LIMIT = 256 * 1024;
const MEBIBYTE = 1024 * 1024;
const TEN_THOUSAND = 10_000;

/** A request whose body the test writes. */
function newRequest(headers: Record<string, string> = {}): IncomingMessage & PassThrough {
  const request = Object.assign(new PassThrough(), {
    headers: { 'content-type': 'application/json', ...headers },
  });
  return request as unknown as IncomingMessage & PassThrough;
}

/** Reads with a budget; `from` is the caller's address. */
function read(request: IncomingMessage, budget: ReadingBudget, from = '192.0.2.1') {
  return readBody(request, { limit: LIMIT, budget, address: from });
}

/** The reason of a refusal, once there is one. */
const reasonOf = (reading: Promise<Buffer>) =>
  reading.then(
    () => 'read',
    (error: CallbackRefusedError) => error.reason,
  );

const turn = () => new Promise(setImmediate);

describe('bodies that have not come whole', () => {
  it('count while they are read, and no longer', async () => {
    const budget = new ReadingBudget();
    const request = newRequest();
    const reading = read(request, budget);
    expect(budget.count).toBe(1);
    request.write('{"a":');
    await turn();
    expect(budget).toMatchObject({ bytes: 5, count: 1 });
    request.end('1}');
    expect(String(await reading)).toBe('{"a":1}');
    expect(budget).toMatchObject({ bytes: 0, count: 0 });
  });

  it('that come byte by byte take no more than their bytes', async () => {
    const budget = new ReadingBudget();
    const before = heapAfterCollection();
    const bodies = Array.from({ length: 20 }, async () => {
      const request = newRequest();
      const reading = read(request, budget);
      for (let n = 0; n < 10; n++) {
        for (let i = 0; i < 1_000; i++) request.write(Buffer.from('x'));
        await turn();
      }
      return { request, reading };
    });
    const open = await Promise.all(bodies);
    expect(budget.bytes).toBe(200_000);
    expect(heapAfterCollection() - before).toBeLessThan(8 * MEBIBYTE);
    for (const { request } of open) request.end();
    for (const { reading } of open) expect(String(await reading)).toBe('x'.repeat(10_000));
  });

  it('may be 10,000 at once; for the next one the oldest gives way', async () => {
    const budget = new ReadingBudget();
    const requests = Array.from({ length: TEN_THOUSAND + 1 }, () => newRequest());
    const readings = requests.map((request) => reasonOf(read(request, budget)));
    expect(await readings[0]).toBe('overloaded');
    expect(budget.count).toBe(TEN_THOUSAND);
    for (const request of requests.slice(1)) request.end('{}');
    expect(new Set(await Promise.all(readings.slice(1)))).toEqual(new Set(['read']));
    expect(budget).toMatchObject({ bytes: 0, count: 0 });
  });

  it('may hold 24 MiB together; the one that holds most gives way', async () => {
    const budget = new ReadingBudget();
    const small = newRequest();
    const genuine = reasonOf(read(small, budget));
    small.write('{');
    await turn();
    const requests = Array.from({ length: 110 }, () => newRequest());
    const readings = requests.map((request) => reasonOf(read(request, budget)));
    for (const request of requests) request.write('x'.repeat(LIMIT - 1));
    await turn();
    await turn();
    expect(budget.bytes).toBeLessThanOrEqual(24 * MEBIBYTE);
    expect(budget.bytes).toBeGreaterThan(23 * MEBIBYTE);
    small.end('}');
    expect(await genuine).toBe('read');
    for (const request of requests) request.destroy();
    const reasons = await Promise.all(readings);
    expect(reasons.filter((reason) => reason === 'overloaded')).toHaveLength(14);
    expect(budget).toMatchObject({ bytes: 0, count: 0 });
  });

  it('may be 256 of one address, where there are others', async () => {
    const budget = new ReadingBudget();
    const other = newRequest();
    const genuine = reasonOf(read(other, budget, '192.0.2.2'));
    const requests = Array.from({ length: 300 }, () => newRequest());
    const readings = requests.map((request) => reasonOf(read(request, budget)));
    expect(budget.count).toBe(257);
    other.end('{}');
    expect(await genuine).toBe('read');
    for (const request of requests) request.destroy();
    const reasons = await Promise.all(readings);
    expect(reasons.slice(0, 44).every((reason) => reason === 'overloaded')).toBe(true);
    expect(reasons.slice(44).every((reason) => reason === 'body-aborted')).toBe(true);
  });

  it('are not told apart by address where all have the same, as behind a balancer', async () => {
    const budget = new ReadingBudget();
    const requests = Array.from({ length: 300 }, () => newRequest());
    const readings = requests.map((request) => read(request, budget));
    expect(budget.count).toBe(300);
    for (const request of requests) request.end('{}');
    await Promise.all(readings);
  });

  it.each([
    ['too large', (request: PassThrough) => request.end('x'.repeat(LIMIT + 1)), 'body-too-large'],
    ['cut off', (request: PassThrough) => request.destroy(), 'body-aborted'],
  ])('give back what they held when they are %s', async (_, end, reason) => {
    const budget = new ReadingBudget();
    const request = newRequest();
    const reading = read(request, budget);
    request.write('{');
    end(request);
    await expect(reading).rejects.toMatchObject({ reason });
    expect(budget).toMatchObject({ bytes: 0, count: 0 });
  });

  it('are none when the headers are refused, or the caller is', async () => {
    const budget = new ReadingBudget();
    const large = newRequest({ 'content-length': String(LIMIT + 1) });
    expect(await reasonOf(read(large, budget))).toBe('body-too-large');
    const admit = () => {
      throw new CallbackRefusedError('url-token');
    };
    const reading = readBody(newRequest(), { limit: LIMIT, budget, address: null, admit });
    expect(await reasonOf(reading)).toBe('url-token');
    expect(budget.count).toBe(0);
  });

  describe('and come slowly', () => {
    beforeEach(
      () => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }),
    );
    afterEach(() => void vi.useRealTimers());

    it('have to come at a rate once a packet had time to be sent again and again', async () => {
      const budget = new ReadingBudget();
      const request = newRequest();
      const reading = reasonOf(read(request, budget));
      request.write('{');
      await turn();
      await vi.advanceTimersByTimeAsync(6_000);
      expect(budget.count).toBe(1);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await reading).toBe('body-timeout');
    });

    it('have 8 s, at whatever rate', async () => {
      const budget = new ReadingBudget();
      const request = newRequest();
      const reading = reasonOf(read(request, budget));
      request.write('x'.repeat(LIMIT - 1));
      await turn();
      await vi.advanceTimersByTimeAsync(7_000);
      expect(budget.count).toBe(1);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await reading).toBe('body-timeout');
    });
  });
});

describe('bodies that came with their heads', () => {
  /** A request as Node has it once the turn of its only packet has ended. */
  const cameWhole = (body: string, length = body.length) => {
    const request = newRequest({ 'content-length': String(length) });
    request.end(body);
    return Object.assign(request, { complete: true });
  };

  it('are read at the end of the turn without a listener, and take nobody’s place', async () => {
    const budget = new ReadingBudget();
    const others = Array.from({ length: TEN_THOUSAND }, () => newRequest());
    const readings = others.map((other) => reasonOf(read(other, budget)));
    const request = cameWhole('{"a":1}');
    const listeners = request.eventNames().length;
    const reading = read(request, budget);
    expect(budget.count).toBe(TEN_THOUSAND);
    expect(request.eventNames()).toHaveLength(listeners);
    expect(String(await reading)).toBe('{"a":1}');
    for (const other of others) other.destroy();
    expect(new Set(await Promise.all(readings))).toEqual(new Set(['body-aborted']));
  });

  it('are empty where nothing came', async () => {
    expect(await read(cameWhole(''), new ReadingBudget())).toHaveLength(0);
  });

  it('are refused when more came than was announced, as a lenient parser lets pass', async () => {
    const request = cameWhole('x'.repeat(LIMIT + 1), 7);
    expect(await reasonOf(read(request, new ReadingBudget()))).toBe('body-too-large');
  });

  it('are refused when the connection ends before the rest has come', async () => {
    const budget = new ReadingBudget();
    const request = newRequest({ 'content-length': '7' });
    const reading = read(request, budget);
    request.destroy();
    expect(await reasonOf(reading)).toBe('body-aborted');
    expect(budget).toMatchObject({ bytes: 0, count: 0 });
  });
});
