import { groupBy } from '../../common/group-by.js';
import { In } from 'typeorm';

import { streamKeyOf } from '../../sessions/push.evidence.js';
import { doublesOf } from '../../sessions/session.state.js';
import type { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { toBytes } from '../../storage/entities/columns.js';
import { LivePush, LiveSession } from '../../storage/entities/index.js';
import type { CloudStream } from '../reading/cloud.rows.js';

/** A push that the tables know of; times in Unix milliseconds. */
export interface KnownPush extends Pick<
  LivePush,
  'id' | 'sequence' | 'state' | 'startedBy' | 'endedBy'
> {
  readonly stream: CloudStream;
  readonly startedAt: number;
  /** Null while it is open. */
  readonly endedAt: number | null;
}

/** Rows that one statement names. */
const CHUNK = 500;

/** Finds what the tables know of streams of the cloud. */
export class KnownPushes {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly registration: string,
  ) {}

  /** Open pushes of a domain. */
  async open(domain: string): Promise<KnownPush[]> {
    const sessions = await this.sessions()
      // Said twice, because the index holds no others and is used only by those who say so.
      .andWhere("s.state = 'live' AND s.state <> 'ended'")
      .andWhere('s.domain = :domain', { domain })
      .getMany();
    return (await this.pushesOf(sessions)).filter(({ endedAt }) => endedAt === null);
  }

  /** Pushes of some streams, of sessions that were not over before a time, by {@link keyOf}. */
  async ofStreams(
    streams: readonly CloudStream[],
    from: number,
  ): Promise<ReadonlyMap<string, readonly KnownPush[]>> {
    const keys = [...new Set(streams.map((stream) => streamKeyOf(this.registration, stream)))];
    const found = new Map<string, KnownPush[]>();
    for (const part of chunksOf(keys)) {
      const sessions = await this.sessions()
        .andWhere('s.streamKey IN (:...keys)', { keys: part.map(toBytes) })
        .andWhere('s.untilAt >= :from', { from })
        .getMany();
      for (const push of await this.pushesOf(sessions)) {
        const key = keyOf(push.stream);
        found.set(key, [...(found.get(key) ?? []), push]);
      }
    }
    return found;
  }

  private sessions() {
    return this.database.manager
      .createQueryBuilder(LiveSession, 's')
      .where('s.registration = :registration', { registration: this.registration });
  }

  /** Without those that turned out to be others. */
  private async pushesOf(sessions: readonly LiveSession[]): Promise<KnownPush[]> {
    const byId = new Map(sessions.map((session) => [session.id, session]));
    const pushes: KnownPush[] = [];
    for (const ids of chunksOf([...byId.keys()])) {
      const rows = await this.database.manager
        .getRepository(LivePush)
        .find({ where: { sessionId: In(ids) } });
      for (const row of rows) {
        const { domain, path, streamName } = byId.get(row.sessionId)!;
        if (domain === null || path === null || streamName === null) continue;
        const stream = { domain, path, name: streamName };
        const { id, sequence, state, startedBy, endedBy } = row;
        const startedAt = row.startedAt.getTime();
        const endedAt = row.endedAt?.getTime() ?? null;
        pushes.push({ id, sequence, state, startedBy, endedBy, stream, startedAt, endedAt });
      }
    }
    const doubles = new Set(
      [...groupBy(pushes, ({ stream }) => keyOf(stream)).values()].flatMap((ofStream) => [
        ...doublesOf(ofStream).keys(),
      ]),
    );
    return pushes.filter(({ id }) => !doubles.has(id));
  }
}

/** Tells streams apart. */
export function keyOf({ domain, path, name }: CloudStream): string {
  return JSON.stringify([domain, path, name]);
}

function* chunksOf<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}
