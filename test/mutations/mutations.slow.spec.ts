/**
 * Callbacks as no document prints them, over real HTTP on every database: samples of all kinds with
 * types flipped, fields removed, added, nested, renamed and repeated, endless numbers, unicode, null
 * and lists, signed as CSS signs. Each is answered with 200 and kept byte for byte, or is the same
 * as one that is; listeners get all but those whose stream or task cannot be read, once. For more of them:
 * `npm run test:mutations`.
 */
import { describe, expect, it } from 'vitest';

import { LiveCallbackAuditService } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { MAX_QUARANTINED_PERCENT, runCampaign } from './campaign.js';
import { copyOf, depthOf, meaningOf, print, treeOf, type Json } from './json-tree.js';
import { mutantOf } from './mutate.js';

const SEED = 20_261_122;
/** .ci/run sends thousands, .ci/full hundreds of thousands. */
const COUNTS = { SQLite: 1_000, PostgreSQL: 300, MariaDB: 300 };

describe('mutated callbacks', () => {
  describe.each(DATABASES)('on $name', ({ name, isAbsent, create }) => {
    it.skipIf(isAbsent)(
      'are all answered with 200, stored as sent and delivered once',
      async () => {
        const count = COUNTS[name];
        const database = await scratchDatabase(create);
        const { figures, problems, reasons } = await runCampaign({ database, seed: SEED, count });
        expect(problems).toEqual([]);
        expect(figures).toMatchObject({ sent: count, lost: 0, errors: 0 });
        expect(figures.quarantinedPercent).toBeLessThan(MAX_QUARANTINED_PERCENT);
        expect([...reasons.keys()].toSorted()).toContain('stream_id must be a string');
        const { accepted, quarantined, unknown, duplicates } = figures;
        expect(accepted + quarantined + unknown + duplicates).toBe(count);
        // Otherwise the mutations would be too tame, or too wild, to say anything.
        for (const share of [accepted, quarantined, unknown, duplicates]) {
          expect(share).toBeGreaterThan(count / 100);
        }
      },
    );
  });
});

describe('a number that is too large for a double', () => {
  it('is not taken for null, so that neither callback passes for a duplicate of the other', async () => {
    const host = await scratchHost();
    const { headers, body } = signCallback(streamPushCallback({ note: null }), { key: KEY });
    for (const note of ['null', '1e400', '-1e400']) {
      const sent = body.replace('"note":null', `"note":${note}`);
      expect((await host.post('/live-callback', { headers, body: sent })).status).toBe(200);
    }
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    expect((await audit.find()).items).toHaveLength(3);
  });
});

describe('the mutations', () => {
  const mutants = Array.from({ length: 2_000 }, (_one, index) =>
    mutantOf(SEED, index, KEY, 1_800_000_000),
  );

  it('are the same for the same seed, and others for another', () => {
    const again = mutants.map((_one, index) => mutantOf(SEED, index, KEY, 1_800_000_000));
    expect(again).toEqual(mutants);
    const others = mutants.map((_one, index) => mutantOf(SEED + 1, index, KEY, 1_800_000_000));
    expect(others).not.toEqual(mutants);
  });

  it('are JSON objects with one pair each, within the limits that a receiver has to take', () => {
    for (const { body } of mutants) {
      const payload = JSON.parse(body) as Record<string, unknown>;
      expect(String(payload['t'])).toBe('1800000000');
      expect(payload['sign']).toMatch(/^[0-9a-f]{32}$/);
      expect(depthOf(treeOf(payload))).toBeLessThanOrEqual(32);
      expect(Buffer.byteLength(body)).toBeLessThan(262_144);
    }
  });

  it('are of every kind, and hardly ever alike', () => {
    expect(new Set(mutants.map(({ kind }) => kind)).size).toBe(18);
    expect(new Set(mutants.map(({ meaning }) => meaning)).size).toBeGreaterThan(1_000);
  });
});

describe('the tree that they are made on', () => {
  const LAYOUT = { space: ' ', end: '', escapesSlashes: false };

  it('is printed and copied without loss', () => {
    const value = { a: [1, 'x', null, true, { b: {} }], 'ü"\\': '\ud800' };
    const tree = treeOf(value);
    expect(JSON.parse(print(tree, LAYOUT))).toEqual(value);
    expect(copyOf(tree)).toEqual(tree);
    expect(depthOf(tree)).toBe(4);
  });

  it.each<[string, string, Json, Json]>([
    [
      'the order of members',
      'the same',
      object(['a', '1'], ['b', '2']),
      object(['b', '2'], ['a', '1']),
    ],
    [
      'an earlier member of the same name',
      'the same',
      object(['a', '1'], ['a', '2']),
      object(['a', '2']),
    ],
    ['another spelling of a number', 'the same', '1.0', '1'],
    ['a member that could reach a prototype', 'the same', object(['__proto__', '1']), object()],
    ['a digit beyond 2^53', 'another', '9007199254740993', '9007199254740992'],
    ['an endless number for null', 'another', '1e400', 'null'],
    ['a text for a number', 'another', '"1"', '1'],
  ])('with %s has %s meaning', (_change, which, a, b) => {
    expect(meaningOf(a) === meaningOf(b)).toBe(which === 'the same');
  });

  function object(...members: [string, Json][]): Json {
    return { members: members.map(([name, value]) => ({ name: JSON.stringify(name), value })) };
  }
});
