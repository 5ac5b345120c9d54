import { Injectable } from '@nestjs/common';

import { EventInterpreter } from '../events/event-interpreter.js';
import type { StreamStateDto } from '../events/dto/stream-state.dto.js';
import { readPayload } from '../events/payload/read-payload.js';
import { firstIdAt } from '../common/id.source.js';
import { decodeCursor, encodeCursor } from '../operations/audit-query.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { LiveCallback } from '../storage/entities/index.js';
import { EVIDENCE_KINDS, evidenceOf, type PushEvidence } from './push.evidence.js';
import { SessionWriter } from './session.writer.js';

/** Which stored callbacks to take in again, and how. */
export interface RebuildRequest {
  /** Received at this time or later. Default: all. */
  from?: Date;
  /** Received before this time. Default: all. */
  to?: Date;
  /** Whether listeners are told of what changes. Default: false. */
  emit?: boolean;
}

/** What one step has done. */
export interface RebuildStep {
  /** Callbacks that were taken in. */
  readonly callbacks: number;
  /** Where the next step begins; null after the last one. */
  readonly nextCursor: string | null;
}

/** Callbacks of one transaction. */
const STEP = 500;

/**
 * Takes the stored pushes and interruptions in again, oldest first: after the option was turned on, its window
 * changed, or a version that understands more. What they say is merged with what is known, so that callbacks may
 * arrive meanwhile, and a step that is done twice does no harm.
 */
@Injectable()
export class SessionRebuilder {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly interpreter: EventInterpreter,
    private readonly writer: SessionWriter,
    private readonly config: LiveCallbackConfig,
  ) {}

  /**
   * One transaction of a rebuild.
   *
   * @param cursor `nextCursor` of the step before
   * @throws AuditRequestError for a cursor that cannot be
   */
  async step(request: RebuildRequest, cursor?: string): Promise<RebuildStep> {
    const rows = await this.page(request, cursor === undefined ? null : decodeCursor(cursor));
    const evidence = rows.flatMap((row) => this.evidenceOf(row) ?? []);
    if (evidence.length > 0) {
      await this.writer.take({ tells: request.emit === true, isAnew: true }, () =>
        Promise.resolve(evidence),
      );
    }
    const last = rows.at(-1);
    return {
      callbacks: rows.length,
      nextCursor: last && rows.length === STEP ? encodeCursor(last.id) : null,
    };
  }

  /** The next of both kinds: each is asked for by itself, as the index has them. */
  private async page({ from, to }: RebuildRequest, after: string | null): Promise<LiveCallback[]> {
    const found = await this.database.read((tables) =>
      Promise.all(
        EVIDENCE_KINDS.map((kind) => {
          const query = tables
            .createQueryBuilder(LiveCallback, 'c')
            .where({ registration: this.config.name, kind, state: 'accepted' })
            .orderBy('c.id')
            .limit(STEP);
          if (after !== null) query.andWhere('c.id > :after', { after });
          if (from) query.andWhere('c.id >= :first', { first: firstIdAt(from) });
          if (to) query.andWhere('c.id < :end', { end: firstIdAt(to) });
          return query.getMany();
        }),
      ),
    );
    return found
      .flat()
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, STEP);
  }

  /** Of one that has lost its body, what its row says. */
  private evidenceOf(row: LiveCallback): PushEvidence | null {
    const { registration, kind, origin, occurredAt, receivedAt, body, bodyEncoding } = row;
    const { appId, domain, path, streamName: name, sequence } = row;
    const callback = {
      registration,
      kind: kind as (typeof EVIDENCE_KINDS)[number],
      origin,
      receivedAt,
    };
    if (body === null) {
      const data = { sequence: sequence ?? undefined } as StreamStateDto;
      return evidenceOf({ ...callback, stream: { appId, domain, path, name }, occurredAt, data });
    }
    const { value } = readPayload(Buffer.from(body, bodyEncoding));
    const meaning = this.interpreter.interpret(value);
    const data = meaning.data as StreamStateDto;
    return evidenceOf({ ...callback, ...meaning, kind: callback.kind, data });
  }
}
