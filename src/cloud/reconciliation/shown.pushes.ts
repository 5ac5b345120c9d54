import { groupBy } from '../../common/group-by.js';
import type { CloudReader } from '../reading/cloud.reader.js';
import type { OnlineStream, RunningPush } from '../reading/cloud.rows.js';
import type { ShownPush } from './cloud.evidence.js';
import { keyOf } from './known.pushes.js';
import { paired } from './pairing.js';
import type { ReconciliationConfig } from './reconciliation.options.js';

/** Reads what the cloud shows as live, of its list of streams and of that of backup streams. */
export class ShownPushes {
  constructor(
    private readonly reader: CloudReader,
    private readonly config: ReconciliationConfig,
  ) {}

  /** The pushes of the account, for all domains of a cycle; none where the list is not to be asked. */
  running(): Promise<RunningPush[]> {
    return this.config.backupList === 'off' ? Promise.resolve([]) : this.reader.running();
  }

  /**
   * Pushes of a domain that one of the lists shows.
   *
   * @throws CloudApiError, CloudAnswerError
   */
  async of(domain: string, running: readonly RunningPush[]): Promise<ShownPush[]> {
    const { paths, backupList } = this.config;
    const online: OnlineStream[] = [];
    for (const path of paths ?? [undefined]) {
      online.push(...(await this.reader.online(domain, path)));
    }
    const hasSequences = backupList === 'sequences';
    const backups = running
      .filter((push) => push.domain === domain && (paths?.includes(push.path) ?? true))
      .map((push) => toShown(push, hasSequences));
    const listed = online.flatMap(toListed);
    return hasSequences ? union(backups, listed) : union(listed, backups);
  }
}

function toListed({ domain, path, name, startedAt, row }: OnlineStream): ShownPush[] {
  const stream = { domain, path, name };
  return startedAt.map((time) => {
    return { stream, startedAt: time, sequence: null, origin: 'online-list', row };
  });
}

function toShown(push: RunningPush, hasSequence: boolean): ShownPush {
  const { domain, path, name, startedAt, sequence, row } = push;
  const stream = { domain, path, name };
  return {
    stream,
    startedAt,
    sequence: hasSequence ? sequence : null,
    origin: 'backup-list',
    row,
  };
}

/** All of one list, and of the other what that one lacks. */
function union(one: readonly ShownPush[], other: readonly ShownPush[]): ShownPush[] {
  const mine = groupBy(one, ({ stream }) => keyOf(stream));
  const more = [...groupBy(other, ({ stream }) => keyOf(stream))].flatMap(([key, pushes]) => {
    const pairs = paired(pushes, mine.get(key) ?? []);
    return pushes.filter((push) => !pairs.has(push));
  });
  return [...one, ...more];
}
