/**
 * Whatever was declared before, whatever went wrong on the way: a run without faults makes the account
 * what a run on an empty account would, and the next one has nothing to do. Seeded, so that a failure
 * repeats itself.
 */
import { describe, expect, it } from 'vitest';

import type { CloudApiServer, FaultEffect } from '../../../src/emulator/api/index.js';
import { CloudError, type ProvisioningState } from '../../../src/cloud/index.js';
import { scratchApi } from '../../emulator/api-support.js';
import { seededRandom, type Random } from '../../support/seeded-random.js';
import { accountOf, provisionerOf, writesOf } from './provisioning-support.js';

const KINDS = ['stream-push', 'record-file', 'record-status', 'record-exception', 'screenshot'];
const RULES = ['a', 'b', 'c', 'd'].map((name) => ({ domain: `${name}.example.com` }));
const EFFECTS: readonly FaultEffect[] = [
  { drop: true },
  { status: 502 },
  { notJson: true },
  { error: 'InternalError' },
  { error: 'RequestLimitExceeded' },
  { error: 'UnauthorizedOperation' },
];

function randomState(random: Random): ProvisioningState {
  const ids = ['one', 'two', 'three'].filter(() => random.below(4) > 0);
  const owners = RULES.map((rule) => ({ rule, owner: random.pick([...ids, undefined]) }));
  const templates = ids.map((id) => {
    const events = KINDS.filter(() => random.below(2) === 0);
    return [
      id,
      {
        name: `${id}-${random.below(2)}`,
        description: random.pick(['', 'first', 'second']),
        key: `KeyForDocs${random.below(3)}x`,
        events: events.length > 0 ? events : ['stream-push'],
        rules: owners.filter(({ owner }) => owner === id).map(({ rule }) => rule),
      },
    ];
  });
  return {
    stack: 'shop',
    baseUrl: `https://live${random.below(2)}.example.com`,
    templates: Object.fromEntries(templates) as ProvisioningState['templates'],
  };
}

function breakSomething(api: CloudApiServer, random: Random): void {
  for (let fault = random.below(4); fault > 0; fault--) {
    const when = random.pick(['before', 'after'] as const);
    api.fail({ action: '*', when, count: 1 + random.below(2), effect: random.pick(EFFECTS) });
  }
}

describe('a run without faults', () => {
  it.each([1, 2, 3, 4])('repairs what runs with faults have left (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const api = await scratchApi();
    const theirs = api.templates.createTemplate({
      TemplateName: 'theirs',
      StreamBeginNotifyUrl: 'https://theirs.example.com',
    });
    api.templates.createRule('theirs.example.com', 'live', theirs);
    for (let round = 0; round < 3; round++) {
      const state = randomState(random);
      breakSomething(api, random);
      const broken = provisionerOf(api, state, { attempts: 2 }).apply({ repoint: true });
      await broken.catch((error: unknown) => {
        if (!(error instanceof CloudError)) throw error;
      });
      api.clearFaults();
      await provisionerOf(api, state).apply({ repoint: true });
      const fresh = await scratchApi();
      const id = fresh.templates.createTemplate(api.templates.template(theirs).fields);
      fresh.templates.createRule('theirs.example.com', 'live', id);
      await provisionerOf(fresh, state).apply();
      expect(accountOf(api)).toEqual(accountOf(fresh));
      const writes = writesOf(api).length;
      expect((await provisionerOf(api, state).apply()).steps).toEqual([]);
      expect(writesOf(api)).toHaveLength(writes);
    }
  });
});
