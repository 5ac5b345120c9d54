import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/** Hosts merge kinds into what this file declares, which works only where an index has `export *` from it. */
const MERGED = 'events/live-event-map';
const REFERRED_TO = ['events/event-definitions', 'events/payload/payload'];

/** Makes few declarations of those that can be reached from some entries, since each file takes a block of disk. */
export async function bundleDeclarations(from, entries, to) {
  const names = [...entries, ...REFERRED_TO];
  const bundled = await rolldown({
    cwd: from,
    input: Object.fromEntries(names.map((name) => [`${name}.d`, `./${name}.d.ts`])),
    external: [/^[^./]/, new RegExp(`${MERGED}\\.js$`)],
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  await bundled.write({
    dir: to,
    entryFileNames: '[name].ts',
    chunkFileNames: 'shared/[name].ts',
  });
  mkdirSync(join(to, dirname(MERGED)), { recursive: true });
  copyFileSync(join(from, `${MERGED}.d.ts`), join(to, `${MERGED}.d.ts`));
}
