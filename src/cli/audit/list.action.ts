import type { CliContext } from '../cli.context.js';
import type { ListOptions } from './audit.options.js';
import { checkedFilter } from './checked-filter.js';
import { withAudit } from './choose-audit.js';
import { formatRow } from './row.format.js';

/** Lists stored callbacks. */
export async function list(options: ListOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const filter = checkedFilter(options);
  await withAudit(options, context, async (audit) => {
    if (options.all) {
      for await (const row of audit.iterate(filter)) {
        if (signal.aborted) return;
        if (options.json) terminal.jsonLine(row);
        else terminal.line(formatRow(row));
      }
      return;
    }
    const page = await audit.find(filter);
    if (options.json) return terminal.json(page);
    for (const row of page.items) terminal.line(formatRow(row));
    if (page.items.length === 0) terminal.note('No stored callback fits.');
    if (page.nextCursor !== null) terminal.note(`More: --cursor ${page.nextCursor}, or --all`);
  });
}
