import { existsSync } from 'node:fs';

import { chromium, type Browser } from 'playwright-core';

/** Debian's Chromium, or whatever `CHROMIUM` names. */
const PROGRAM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is none; where services are required that is a failure of its own, when it is launched. */
export const isBrowserAbsent = !existsSync(PROGRAM) && process.env['REQUIRE_SERVICES'] !== '1';

/** Starts it with an empty profile. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
