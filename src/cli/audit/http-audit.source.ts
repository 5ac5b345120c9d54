import {
  NO_CALLBACK,
  type CallbackFilter,
  type Page,
  type PageRequest,
} from '../../operations/audit-query.js';
import { NO_SESSION, SESSIONS_OFF, type SessionFilter } from '../../sessions/session.query.js';
import type { RebuildRequest, RebuildStep } from '../../sessions/session.rebuilder.js';
import type { ListenerReason } from '../../operations/listeners/live-callback.listeners.js';
import type { ErasureRequest } from '../../operations/erasure/callback.erasure.js';
import type { ReplayedDelivery } from '../../operations/audit-row.js';
import { CliError, UsageError } from '../cli.error.js';
import { pathBelow } from '../receiver.options.js';
import { requestOnce, shownUrl } from '../http.client.js';
import { shownBody } from '../answer.meaning.js';
import type { AuditRow, AuditSource, ReplayRequest } from './audit.source.js';

const TIMEOUT_MS = 30_000;
/** An erasure reads every body. */
const ERASURE_MS = 3_600_000;
const PAGE = 500;
/** An answer holds a body of at most 8 MiB, and its typed view, with escapes. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

/** How an answer is known, whatever the interceptors of the host put around it. */
type Shape = (value: Partial<Record<string, unknown>>) => boolean;
const hasItems: Shape = ({ items }) => Array.isArray(items);
const isStep: Shape = ({ callbacks }) => typeof callbacks === 'number';
const isSession: Shape = ({ pushes }) => Array.isArray(pushes);
const isListener: Shape = ({ listener }) => typeof listener === 'string';
const isErasure: Shape = ({ bodies }) => typeof bodies === 'number';
const isDetail: Shape = ({ deliveries }) => Array.isArray(deliveries);

/** The audit log over its HTTP API. */
export class HttpAuditSource implements AuditSource {
  /** @param base URL of the callback routes, without a slash at its end */
  constructor(
    private readonly base: URL,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  find(request: CallbackFilter & PageRequest): Promise<Page<AuditRow>> {
    return this.call<Page<AuditRow>>('callbacks', hasItems, { ...request });
  }

  async *iterate(filter: CallbackFilter): AsyncGenerator<AuditRow, void, undefined> {
    let cursor: string | null | undefined;
    do {
      const page: Page<AuditRow> = await this.find({
        ...filter,
        limit: PAGE,
        ...(cursor && { cursor }),
      });
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  async get(id: string): ReturnType<AuditSource['get']> {
    return this.call(`callbacks/${encodeURIComponent(id)}`, isDetail);
  }

  rejections(request: PageRequest): ReturnType<AuditSource['rejections']> {
    return this.call('rejections', hasItems, { ...request });
  }

  async replay(id: string, { reason, actor, listeners }: ReplayRequest) {
    // The API says who asks by itself, so that a bearer cannot pass for another.
    const body = { reason: `${reason} (${actor})`, ...(listeners && { listeners }) };
    const path = `callbacks/${encodeURIComponent(id)}/replay`;
    const { items } = await this.call<{ items: ReplayedDelivery[] }>(path, hasItems, {}, body);
    return items;
  }

  /** Also what is set aside in the spool of the process that answers. */
  erase({
    userIp,
    stream,
    reason,
    actor,
    dryRun,
  }: ErasureRequest): ReturnType<AuditSource['erase']> {
    const body = { userIp, stream, reason: `${reason} (${actor})`, dryRun };
    return this.call('erasures', isErasure, {}, body, ERASURE_MS);
  }

  sessions(filter: SessionFilter, page: PageRequest): ReturnType<AuditSource['sessions']> {
    return this.call('sessions', hasItems, { ...filter, ...page });
  }

  session(id: string): ReturnType<AuditSource['session']> {
    return this.call(`sessions/${encodeURIComponent(id)}`, isSession);
  }

  /** One step of a rebuild of sessions. @param cursor that of the step before */
  rebuild(request: RebuildRequest, cursor?: string): Promise<RebuildStep> {
    const body = { ...request, ...(cursor !== undefined && { cursor }) };
    return this.call('sessions/rebuild', isStep, {}, body);
  }

  listeners(): ReturnType<AuditSource['listeners']> {
    return this.call('listeners', hasItems);
  }

  changeListener(
    verb: 'pause' | 'resume',
    listener: string,
    { reason, actor }: ListenerReason,
  ): ReturnType<AuditSource['changeListener']> {
    const body = { listener, reason: `${reason} (${actor})` };
    return this.call(`listeners/${verb}`, isListener, {}, body);
  }

  async close(): Promise<void> {}

  private async call<T>(
    path: string,
    shape: Shape,
    query: Readonly<Record<string, Date | string | number | undefined>> = {},
    body?: object,
    timeoutMs = TIMEOUT_MS,
  ): Promise<T> {
    const url = new URL(this.base);
    url.pathname = pathBelow(this.base, `audit/${path}`);
    url.search = '';
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      url.searchParams.set(name, value instanceof Date ? value.toISOString() : String(value));
    }
    const answer = await requestOnce(url, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
      timeoutMs,
      signal: this.signal,
      keep: LONGEST_ANSWER,
    });
    const { status, error } = answer;
    const where = shownUrl(url).replace('?***', '');
    if (error !== null) throw new CliError(`The audit API at ${where} cannot be reached: ${error}`);
    if (status === 200) {
      const value = unwrapped(parse(answer.body), shape);
      if (value) return value as T;
      throw new CliError(
        `${where} answered with something else than the audit API: ${shownBody(answer.body)} An interceptor of the application may wrap it; { data: … } around it is understood.`,
      );
    }
    const { message } = parse(answer.body) ?? {};
    const text = shownBody(typeof message === 'string' ? message : answer.body);
    if (status === 400) throw new UsageError(`The audit API refuses this: ${text}`);
    if (status === 401) {
      throw new CliError(
        'The audit API does not take the token: LIVE_CALLBACK_ADMIN_TOKEN must be one of the application.',
      );
    }
    if (status === 404) {
      // Whatever shape the filters of the host have given it.
      if (answer.body.includes(NO_CALLBACK) || answer.body.includes(NO_SESSION)) return null as T;
      if (answer.body.includes(SESSIONS_OFF)) throw new CliError(`${where} says: ${SESSIONS_OFF}.`);
      throw new CliError(
        `There is no audit API at ${where}: it is off unless the module has the option "audit", and below the base path of the callback routes.`,
      );
    }
    throw new CliError(`The audit API at ${where} answered ${status}: ${text}`);
  }
}

function unwrapped(value: Record<string, unknown> | null, shape: Shape): object | null {
  if (value === null || shape(value)) return value;
  const { data } = value;
  return typeof data === 'object' ? unwrapped(data as Record<string, unknown> | null, shape) : null;
}

function parse(body: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // a page of something in between
  }
}
