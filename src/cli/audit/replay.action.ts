import { userInfo } from 'node:os';

import type { ReplayedDelivery } from '../../operations/audit-row.js';
import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import { plural } from '../plural.js';
import type { ReplayOptions } from './audit.options.js';
import type { AuditSource } from './audit.source.js';
import { checkedFilter, isEmptyFilter } from './checked-filter.js';
import { withAudit } from './choose-audit.js';

/** Runs listeners again: the running application does, within a second. */
export async function replay(
  id: string | undefined,
  options: ReplayOptions,
  context: CliContext,
): Promise<void> {
  const filter = checkedFilter(options);
  if (id !== undefined && !isEmptyFilter(filter)) {
    throw new UsageError('Give either the id of one callback or a filter.');
  }
  if (id === undefined && isEmptyFilter(filter) && !options.all) {
    throw new UsageError(
      'Without an id or a filter every stored callback would be replayed: say --all if you mean it, or --delivery dead for the dead letters.',
    );
  }
  const { terminal, signal } = context;
  const { reason, actor = userInfo().username, listener: listeners } = options;
  const why = { reason, actor, ...(listeners && { listeners }) };
  const replayed: ReplayedDelivery[] = [];
  let callbacks = 0;
  const summary = () =>
    `${plural(replayed.length, 'delivery', 'deliveries')} of ${plural(callbacks, 'callback')} opened again.`;
  const work = async (audit: AuditSource) => {
    for (const one of await idsOf(id, options, audit)) {
      if (signal.aborted) {
        context.exitCode = EXIT.failed;
        break;
      }
      callbacks++;
      if (options.dryRun) {
        if (!options.json) terminal.line(one);
        continue;
      }
      replayed.push(...(await audit.replay(one, why)));
      terminal.progress(summary());
    }
  };
  await withAudit(options, context, work, listeners);
  if (options.json) return terminal.json({ callbacks, deliveries: replayed });
  if (options.dryRun) return terminal.note(`Would replay: ${plural(callbacks, 'callback')}.`);
  for (const { callbackId, listener, attempt } of replayed) {
    terminal.line(`${callbackId}  ${listener}  attempt ${attempt} comes next`);
  }
  terminal.note(summary());
}

/** All of them before the first is replayed, which may change what fits the filter. */
async function idsOf(
  id: string | undefined,
  options: ReplayOptions,
  audit: AuditSource,
): Promise<string[]> {
  if (id !== undefined) {
    if (await audit.get(id)) return [id];
    throw new CliError(`There is no callback with the id ${id}.`);
  }
  const ids: string[] = [];
  for await (const row of audit.iterate(checkedFilter(options))) ids.push(row.id);
  // Oldest first, as they happened.
  return ids.toReversed();
}
