import type { AuditOptions } from '../audit/audit.options.js';
import { withAudit } from '../audit/choose-audit.js';
import { textOf } from '../audit/row.format.js';
import type { CliContext } from '../cli.context.js';
import { formatHold } from './listener.format.js';

/** Lists listeners with what waits for them. */
export async function listListeners(options: AuditOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const { items, countedTo } = await withAudit(options, context, (audit) => audit.listeners());
  if (options.json) return terminal.json({ items, countedTo });
  for (const item of items) {
    const { listener, pending, oldestAt, dead } = item;
    const waits = oldestAt === null ? 'nothing waits' : `${pending} wait since ${textOf(oldestAt)}`;
    const given = dead === 0 ? [] : [`${dead} given up`];
    terminal.line([listener, formatHold(item), waits, ...given].join('  '));
  }
  if (items.length === 0) terminal.note('There is no listener.');
}
