import type { EmulatorClock } from './emulator.clock.js';
import type { NetworkOptions } from './faults/random.network.js';
import type { RetryProfile, RetryProfileName } from './retry-profile.js';
import type { CallbackAttempt } from './stream.history.js';
import type { TemplateDirectory } from './template-directory.js';

/** How the emulated CSS is set up. */
export interface CssEmulatorOptions {
  /** Where callbacks go: `fixedTarget(…)`, or the templates of an emulated API. */
  directory: TemplateDirectory;
  /** Default: the time of the machine. */
  clock?: EmulatorClock;
  /** The sender's rules, by name or of your own. Default: `current`. */
  profile?: RetryProfileName | RetryProfile;
  /**
   * Whether each retry is signed anew; otherwise the pair of the first attempt is repeated and
   * expires under way. Not documented. Default: true.
   */
  resign?: boolean;
  /** Account APPID. Default: 1250000000. */
  appId?: number;
  /** How many attempts and ended pushes the history holds, the latest. Default: 10000. */
  historyLimit?: number;
  /** Loses and delays callbacks by a seed. Default: nothing is lost or late. */
  network?: NetworkOptions;
  /** Told of each attempt when it is over. What it throws comes out of the clock. Default: none. */
  onAttempt?: (attempt: CallbackAttempt) => void;
}
