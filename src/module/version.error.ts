import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown at start when a package of the host has a version that the module cannot work with. */
export class LiveCallbackVersionError extends LiveCallbackError {
  readonly code = 'version-unsupported';

  /**
   * @param packageName the package
   * @param found its installed version
   * @param supported the range that fits, as in package.json
   */
  constructor(
    readonly packageName: string,
    readonly found: string,
    readonly supported: string,
  ) {
    const newest = supported.slice(supported.lastIndexOf('^'));
    super(
      `${packageName} ${found} is installed, and nestjs-live-callback needs ${supported}. Install one that fits, such as: npm install "${packageName}@${newest}"`,
    );
  }
}
