/** What the log says of an outage, however often something is tried meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';

import { OutageLog } from '../../src/common/outage.log.js';

let lines: string[] = [];

class Lines extends Logger {
  override error(message: unknown) {
    lines.push(`error ${String(message)}`);
  }

  override log(message: unknown) {
    lines.push(`log ${String(message)}`);
  }
}

const away = (outage: OutageLog, count: number) => {
  for (let i = 1; i <= count; i++) outage.failed(() => `away ${i}`);
};

describe('a log of outages', () => {
  beforeEach(() => {
    lines = [];
  });

  it('says once that something fails, and once that it works again', () => {
    const outage = new OutageLog(new Lines());
    away(outage, 3);
    expect(outage.lasts).toBe(true);
    outage.works(() => 'back');
    outage.works(() => 'back');
    expect(outage.lasts).toBe(false);
    away(outage, 1);
    expect(lines).toEqual(['error away 1', 'log back', 'error away 1']);
  });

  it('says nothing of what has always worked', () => {
    new OutageLog(new Lines()).works(() => 'back');
    expect(lines).toEqual([]);
  });

  it('reminds of an outage that lasts', async () => {
    const outage = new OutageLog(new Lines(), 20);
    away(outage, 2);
    await sleep(30);
    outage.failed(() => 'still away');
    expect(lines).toEqual(['error away 1', 'error still away']);
  });
});
