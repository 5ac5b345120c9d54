/** What may be read at once, before anybody is verified. */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { readBody, type ReadingBudget } from '../../src/reception/body.reader.js';

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

const newBudget = (): ReadingBudget => ({ bytes: 0, requests: 0 });

describe('bodies that are being read', () => {
  it('count while they are, and no longer', async () => {
    const budget = newBudget();
    const request = newRequest();
    const reading = readBody(request, LIMIT, budget);
    expect(budget.requests).toBe(1);
    request.write('{"a":');
    await new Promise(setImmediate);
    expect(budget).toEqual({ bytes: 5, requests: 1 });
    request.end('1}');
    expect(String(await reading)).toBe('{"a":1}');
    expect(budget).toEqual({ bytes: 0, requests: 0 });
  });

  it('may be 10,000 at once; the next one is refused, until one has ended', async () => {
    const budget = newBudget();
    const requests = Array.from({ length: TEN_THOUSAND }, () => newRequest());
    const readings = requests.map((request) => readBody(request, LIMIT, budget));
    await expect(readBody(newRequest(), LIMIT, budget)).rejects.toMatchObject({
      reason: 'overloaded',
    });
    expect(budget.requests).toBe(TEN_THOUSAND);
    requests[0]!.end('{}');
    await readings[0];
    const next = newRequest();
    const reading = readBody(next, LIMIT, budget);
    next.end('{}');
    expect(String(await reading)).toBe('{}');
    for (const request of requests) request.end();
    await Promise.all(readings);
    expect(budget).toEqual({ bytes: 0, requests: 0 });
  });

  it('may hold 64 MiB together; the one that passes it is refused, and gives back what it held', async () => {
    const budget: ReadingBudget = { bytes: 64 * MEBIBYTE - 10, requests: 300 };
    const request = newRequest();
    const reading = readBody(request, LIMIT, budget);
    request.write('1234567890');
    await new Promise(setImmediate);
    expect(budget.bytes).toBe(64 * MEBIBYTE);
    request.write('1');
    await expect(reading).rejects.toMatchObject({ reason: 'overloaded' });
    expect(budget).toEqual({ bytes: 64 * MEBIBYTE - 10, requests: 300 });
  });

  it.each([
    ['too large', (request: PassThrough) => request.end('x'.repeat(LIMIT + 1)), 'body-too-large'],
    ['cut off', (request: PassThrough) => request.destroy(), 'body-aborted'],
  ])('give back what they held when they are %s', async (_, end, reason) => {
    const budget = newBudget();
    const request = newRequest();
    const reading = readBody(request, LIMIT, budget);
    request.write('{');
    end(request);
    await expect(reading).rejects.toMatchObject({ reason });
    expect(budget).toEqual({ bytes: 0, requests: 0 });
  });

  it('are none when the headers are refused', async () => {
    const budget = newBudget();
    const request = newRequest({ 'content-length': String(LIMIT + 1) });
    await expect(readBody(request, LIMIT, budget)).rejects.toMatchObject({
      reason: 'body-too-large',
    });
    expect(budget).toEqual({ bytes: 0, requests: 0 });
  });

  describe('and came with their heads', () => {
    /** A request as Node has it once the turn of its only packet has ended. */
    const cameWhole = (body: string, length = body.length) => {
      const request = newRequest({ 'content-length': String(length) });
      request.end(body);
      return Object.assign(request, { complete: true });
    };

    it('are read at the end of the turn without a listener, and count until then', async () => {
      const budget = newBudget();
      const request = cameWhole('{"a":1}');
      const listeners = request.eventNames().length;
      const reading = readBody(request, LIMIT, budget);
      expect(budget).toEqual({ bytes: 7, requests: 1 });
      expect(request.eventNames()).toHaveLength(listeners);
      expect(String(await reading)).toBe('{"a":1}');
      expect(budget).toEqual({ bytes: 0, requests: 0 });
    });

    it('are empty where nothing came', async () => {
      expect(await readBody(cameWhole(''), LIMIT, newBudget())).toHaveLength(0);
    });

    it('are refused when more came than was announced, as a lenient parser lets pass', async () => {
      const request = cameWhole('x'.repeat(LIMIT + 1), 7);
      await expect(readBody(request, LIMIT, newBudget())).rejects.toMatchObject({
        reason: 'body-too-large',
      });
    });

    it('are refused when the memory set aside is in use', async () => {
      const budget: ReadingBudget = { bytes: 64 * MEBIBYTE - 6, requests: 300 };
      await expect(readBody(cameWhole('{"a":1}'), LIMIT, budget)).rejects.toMatchObject({
        reason: 'overloaded',
      });
      expect(budget).toEqual({ bytes: 64 * MEBIBYTE - 6, requests: 300 });
    });

    it('are refused when the connection ends before the rest has come', async () => {
      const budget = newBudget();
      const request = newRequest({ 'content-length': '7' });
      const reading = readBody(request, LIMIT, budget);
      request.destroy();
      await expect(reading).rejects.toMatchObject({ reason: 'body-aborted' });
      expect(budget).toEqual({ bytes: 0, requests: 0 });
    });
  });
});
