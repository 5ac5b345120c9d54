import type { Meaning } from '../../src/events/meaning.js';
import { PUSH_ERROR_TYPES } from '../../src/events/kinds/push-error/push-error-types.js';
import { RECORD_EXCEPTION_TYPES } from '../../src/events/kinds/record-exception/record-exception-types.js';
import { RECORD_EVENTS } from '../../src/events/kinds/record-status/record-events.js';
import { RELAY_ALARMS } from '../../src/events/kinds/relay/relay-alarms.js';
import { INTERRUPT_REASONS } from '../../src/events/kinds/stream-interrupt/interrupt-reasons.js';

/** What the codes of the sender mean, by kind: the tables of the module, in English and Chinese. */
export const MEANINGS: Readonly<Record<string, readonly Meaning[]>> = {
  'stream-interrupt': INTERRUPT_REASONS,
  'push-error': PUSH_ERROR_TYPES,
  'record-exception': RECORD_EXCEPTION_TYPES,
  'record-status': RECORD_EVENTS,
  relay: RELAY_ALARMS,
};
