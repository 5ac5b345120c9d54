import type { AuditOptions } from '../audit/audit.options.js';
import { withAudit } from '../audit/choose-audit.js';
import { textOf } from '../audit/row.format.js';
import type { CliContext } from '../cli.context.js';
import { CliError } from '../cli.error.js';
import { formatSession } from './session.format.js';

/** Shows one session. */
export async function showSession(
  id: string,
  options: AuditOptions,
  context: CliContext,
): Promise<void> {
  const { terminal } = context;
  const session = await withAudit(options, context, (audit) => audit.session(id));
  if (!session) throw new CliError(`There is no session with the id ${id}.`);
  if (options.json) return terminal.json(session);
  terminal.line(formatSession(session));
  for (const push of session.pushes) {
    const end = push.endedAt === null ? 'open' : `until ${textOf(push.endedAt)}`;
    const why = push.endReason === null ? '' : `, ${push.endReason.id ?? push.endReason.errcode}`;
    terminal.line(
      `push ${push.sequence} from ${push.userIp ?? '-'}: ${push.state}, ${textOf(push.startedAt)} ${end}${why}`,
    );
  }
  const { recordings, screenshots, moderation, pushErrors, recordExceptions } = session.totals;
  terminal.line(`recordings ${recordings.files} files, ${recordings.seconds} s`);
  terminal.line(`screenshots ${screenshots.count}, the last at ${textOf(screenshots.lastAt)}`);
  for (const [name, counts] of Object.entries({ moderation, pushErrors, recordExceptions })) {
    const parts = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
    if (parts.length > 0) terminal.line(`${name} ${parts.join(', ')}`);
  }
}
