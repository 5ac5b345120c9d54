import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Inject, Injectable, Logger } from '@nestjs/common';
import { In, IsNull, MoreThan, Not } from 'typeorm';

import type { BodyEncoding } from '../../events/payload/kept-body.js';
import { parsePayload } from '../../events/payload/payload.js';
import { streamIdentityOf } from '../../events/stream-identity.js';
import { CallbackEraser } from '../../storage/callback.eraser.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveCallback, LiveCallbackRejection } from '../../storage/entities/index.js';
import { SessionEraser } from '../../storage/session.eraser.js';
import { CallbackSpool } from '../../storage/spool/callback.spool.js';
import type { SpooledCallback } from '../../storage/spool/spool.file.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { AuditRequestError } from '../audit-request.error.js';
import { CallbackDiscarder } from '../callback.discarder.js';
import { checkReason, checkText } from '../check-text.js';
import { FIRST_ID } from '../../common/id.source.js';
import { candidatesOf, page } from '../retention/purge.candidates.js';
import { hasAddress } from './address-in-text.js';

const DAY_MS = 86_400_000;
const PAUSE_MS = 5;
const BODIES_AT_ONCE = 20;
const EXCERPTS_AT_ONCE = 500;

/** Whose data is erased, and why: `userIp` or `stream`, or both, which must hold then. */
export interface ErasureRequest {
  /** Address of a person, as it stands in bodies (`user_ip`). */
  userIp?: string;
  /** Name of a stream. */
  stream?: string;
  /** For those who read the audit log later, 1 to 500 characters. Name no person in it. */
  reason: string;
  /** Person or program that asked, 1 to 190 characters. */
  actor: string;
  /** Counts what would be erased, and changes nothing. Default: false. */
  dryRun?: boolean;
  /** Ends the erasure after the batch in progress; the same request goes on. */
  signal?: AbortSignal;
}

/** What an erasure did, or in a dry run would do. */
export interface ErasureSummary {
  /** Callbacks whose body, errors, warnings and addresses were dropped, or whose stream was, after those. */
  readonly bodies: number;
  /** Rows of counted refusals whose excerpt was dropped. */
  readonly excerpts: number;
  /** Sessions of the stream that were deleted, with their pushes; none where a person was named: they hold no address. */
  readonly sessions: number;
  /** Callbacks that were deleted from the spool of this process, where they were set aside. */
  readonly spooled: number;
  /** Callbacks that a listener or the database still has to get: erase again when it has. */
  readonly held: number;
}

/** What an erasure did, when, and who asked for it. */
export interface ErasureReceipt extends ErasureSummary {
  readonly at: Date;
  readonly reason: string;
  readonly actor: string;
}

type Counts = { -readonly [K in keyof ErasureSummary]: number };

/**
 * Erases what is stored about a person or a stream, whatever its age. What is left of a callback are id,
 * kind and times, and its stream where that was not asked to go; digests become random, for a redelivery
 * that comes later is a callback of its own. Dead letters, unknown and quarantined ones are discarded with it.
 */
@Injectable()
export class CallbackErasure {
  private readonly logger = new Logger('LiveCallback');

  constructor(
    private readonly database: CallbackDatabase,
    private readonly eraser: CallbackEraser,
    private readonly discarder: CallbackDiscarder,
    private readonly config: LiveCallbackConfig,
    @Inject(CallbackSpool) private readonly spool: CallbackSpool | null,
  ) {}

  /** @throws AuditRequestError for a request that names nobody, no reason or no actor */
  async erase(request: ErasureRequest): Promise<ErasureReceipt> {
    checkRequest(request);
    const counts: Counts = { bodies: 0, excerpts: 0, sessions: 0, spooled: 0, held: 0 };
    const { dryRun = false } = request;
    await this.eraseBodies(request, counts);
    if (request.userIp !== undefined) counts.excerpts = await this.eraseExcerpts(request);
    counts.sessions = await this.eraseSessions(request);
    if (this.spool) {
      counts.spooled = this.spool.eraseSetAside((one) => isAbout(one, request), dryRun);
      counts.held += this.spool.waiting;
    }
    const { bodies, held } = counts;
    if (!dryRun) {
      this.logger.warn(`${request.actor} had ${bodies} callbacks erased; ${held} are held back`);
    }
    return { ...counts, at: new Date(), reason: request.reason, actor: request.actor };
  }

  private async eraseBodies(request: ErasureRequest, counts: Counts): Promise<void> {
    const { dataSource } = this.database;
    const { name: registration } = this.config;
    const { reason, actor, dryRun } = request;
    const before = Date.now() + DAY_MS;
    let after = FIRST_ID;
    while (!request.signal?.aborted) {
      const query = page(dataSource, { registration, after, before });
      const { stream } = request;
      if (stream !== undefined) query.andWhere('c.streamName = :stream', { stream });
      const callbacks = await query.getMany();
      const last = callbacks.at(-1);
      if (!last) return;
      const candidates = await candidatesOf(dataSource, await this.about(callbacks, request));
      const due = candidates.filter(({ isPending }) => !isPending);
      counts.held += candidates.length - due.length;
      if (dryRun) counts.bodies += due.length;
      else if (due.length > 0) {
        const open = due.filter(({ isUnreviewed }) => isUnreviewed).map(({ id }) => id);
        await this.discarder.discard(open, { reason, actor });
        const ids = due.map(({ id }) => id);
        const forgetsStream = request.stream !== undefined;
        const record = { reason, actor, forgetsStream };
        const erased = await this.eraser.dropBodies({ ids, before, record });
        counts.bodies += erased;
        counts.held += due.length - erased;
      }
      after = last.id;
      await sleep(PAUSE_MS);
    }
  }

  /**
   * Those of a page that are to be erased: of a stream also those whose body has gone for its age, of a person
   * those in whose body the address stands. That is looked for among these ids alone, so that no
   * statement goes through the table, and bodies are fetched a few at a time.
   */
  private async about(some: LiveCallback[], { userIp }: ErasureRequest): Promise<LiveCallback[]> {
    if (userIp === undefined) return some;
    const callbacks = this.database.dataSource.getRepository(LiveCallback);
    const maybe = await callbacks
      .createQueryBuilder('c')
      .select('c.id')
      .where({ id: In(some.map(({ id }) => id)) })
      // An address has no character that LIKE would take for another. What is kept encoded, it may hold; and
      // IPv6 has many spellings.
      .andWhere("(c.body LIKE :address OR c.bodyEncoding <> 'utf8')", {
        address: isIP(userIp) === 4 ? `%${userIp}%` : '%:%',
      })
      .getMany();
    const found = new Set<string>();
    for (let from = 0; from < maybe.length; from += BODIES_AT_ONCE) {
      const where = maybe.slice(from, from + BODIES_AT_ONCE).map(({ id }) => ({ id }));
      const select = { id: true, body: true, bodyEncoding: true } as const;
      // Whether it stands alone is seen in the body.
      for (const { id, body, bodyEncoding } of await callbacks.find({ select, where })) {
        if (body !== null && bodyHas(body, bodyEncoding, userIp)) found.add(id);
      }
    }
    return some.filter(({ id }) => found.has(id));
  }

  /** After the bodies, of which a rebuild would make them anew. */
  private async eraseSessions({ userIp, stream, dryRun, signal }: ErasureRequest): Promise<number> {
    if (stream === undefined || userIp !== undefined) return 0;
    const eraser = new SessionEraser(this.database, this.config.name);
    return dryRun ? eraser.count(stream) : eraser.erase(stream, signal);
  }

  private async eraseExcerpts({ userIp = '', dryRun }: ErasureRequest): Promise<number> {
    const rejections = this.database.dataSource.getRepository(LiveCallbackRejection);
    const { name: registration } = this.config;
    let count = 0;
    let after = FIRST_ID;
    for (;;) {
      const rows = await rejections.find({
        select: { id: true, excerpt: true },
        where: { registration, id: MoreThan(after), excerpt: Not(IsNull()) },
        order: { id: 'ASC' },
        take: EXCERPTS_AT_ONCE,
      });
      const ids = rows
        .filter(({ excerpt }) => hasAddress(excerpt ?? '', userIp))
        .map(({ id }) => id);
      count += ids.length;
      if (!dryRun && ids.length > 0) await rejections.update({ id: In(ids) }, { excerpt: null });
      const last = rows.at(-1);
      if (!last) return count;
      after = last.id;
    }
  }
}

function checkRequest({ userIp, stream, ...why }: ErasureRequest): void {
  checkReason(why);
  if (userIp === undefined && stream === undefined) {
    throw new AuditRequestError('userIp or stream must say whose data is to be erased');
  }
  if (stream !== undefined) checkText('stream', stream, 255);
  if (userIp !== undefined && (typeof userIp !== 'string' || isIP(userIp) === 0)) {
    throw new AuditRequestError('userIp must be an IPv4 or IPv6 address');
  }
}

function bodyHas(body: string, encoding: BodyEncoding, address: string): boolean {
  const text = encoding === 'utf8' ? body : Buffer.from(body, encoding).toString('latin1');
  return hasAddress(text, address);
}

function isAbout(
  { body, bodyEncoding }: Pick<SpooledCallback, 'body' | 'bodyEncoding'>,
  { userIp, stream }: ErasureRequest,
): boolean {
  if (userIp !== undefined && !bodyHas(body, bodyEncoding, userIp)) return false;
  return stream === undefined || streamOf(body) === stream;
}

/** Null for one that cannot be read, which is why it was set aside. */
function streamOf(body: string): string | null {
  try {
    return streamIdentityOf(parsePayload(body).value).name;
  } catch {
    return null;
  }
}
