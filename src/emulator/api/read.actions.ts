import type { Actions } from './action.js';
import type { CloudMemory } from './cloud.memory.js';
import type { EditionFacts } from './edition.js';
import { liveActions } from './live.actions.js';
import { pastActions } from './past.actions.js';

/** The read actions that reconcile missed callbacks, as far as the edition has them. */
export function readActions(memory: CloudMemory, { onlinePageCap, lacks }: EditionFacts): Actions {
  const actions = { ...liveActions(memory, onlinePageCap), ...pastActions(memory) };
  return Object.fromEntries(Object.entries(actions).filter(([name]) => !lacks.includes(name)));
}
