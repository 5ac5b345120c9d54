import { TIME_SCALE, TimeScale } from '../../src/common/time-scale.js';
import type { LiveCallbackModuleOptions } from '../../src/index.js';

/**
 * Options of an application in which leases, polls, pauses and reconnects take a tenth of their time. All
 * of the applications on one database have them, or none.
 */
export const HURRIED: Partial<LiveCallbackModuleOptions> = { [TIME_SCALE]: new TimeScale(10) };
