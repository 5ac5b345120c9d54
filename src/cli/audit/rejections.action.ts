import type { CliContext } from '../cli.context.js';
import { plural } from '../plural.js';
import type { RejectionsOptions } from './audit.options.js';
import { checkedFilter } from './checked-filter.js';
import { withAudit } from './choose-audit.js';
import { textOf } from './row.format.js';

/** Lists refused requests, with the reason that the caller is not told. */
export async function rejections(options: RejectionsOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const { cursor, limit } = options;
  const page = checkedFilter({
    ...(cursor !== undefined && { cursor }),
    ...(limit !== undefined && { limit }),
  });
  const { items, nextCursor } = await withAudit(options, context, (audit) =>
    audit.rejections(page),
  );
  if (options.json) return terminal.json({ items, nextCursor });
  for (const { lastAt, reason, count, remoteAddress } of items) {
    terminal.line(
      `${textOf(lastAt)}  ${reason}  ${plural(count, 'request')} from ${remoteAddress ?? 'several addresses'}`,
    );
  }
  if (items.length === 0) terminal.note('No request was refused.');
  if (nextCursor !== null) terminal.note(`More: --cursor ${nextCursor}`);
}
