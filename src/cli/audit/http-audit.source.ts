import type { CallbackFilter, Page, PageRequest } from '../../audit/audit-query.js';
import type { ReplayedDelivery } from '../../audit/audit-row.js';
import { CliError, UsageError } from '../cli.error.js';
import { pathBelow } from '../receiver.options.js';
import { requestOnce, shownUrl } from '../http.client.js';
import { shownBody } from '../answer.meaning.js';
import type { AuditRow, AuditSource, ReplayRequest } from './audit.source.js';

const TIMEOUT_MS = 30_000;
const PAGE = 500;

/** The audit log over its HTTP API. */
export class HttpAuditSource implements AuditSource {
  /** @param base URL of the callback routes, without a slash at its end */
  constructor(
    private readonly base: URL,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  find(request: CallbackFilter & PageRequest): Promise<Page<AuditRow>> {
    return this.call<Page<AuditRow>>('callbacks', request);
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
    return this.call(`callbacks/${encodeURIComponent(id)}`, {}, undefined, true);
  }

  rejections(request: PageRequest): ReturnType<AuditSource['rejections']> {
    return this.call('rejections', request);
  }

  async replay(id: string, { reason, actor, listeners }: ReplayRequest) {
    // The API says who asks by itself, so that a bearer cannot pass for another.
    const body = { reason: `${reason} (${actor})`, ...(listeners && { listeners }) };
    const path = `callbacks/${encodeURIComponent(id)}/replay`;
    const { items } = await this.call<{ items: ReplayedDelivery[] }>(path, {}, body);
    return items;
  }

  async close(): Promise<void> {}

  private async call<T>(
    path: string,
    query: CallbackFilter & PageRequest,
    body?: object,
    mayBeGone?: true,
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
      timeoutMs: TIMEOUT_MS,
      signal: this.signal,
      keep: Infinity,
    });
    const { status, error } = answer;
    const where = shownUrl(url).replace('?***', '');
    if (error !== null) throw new CliError(`The audit API at ${where} cannot be reached: ${error}`);
    if (status === 404 && mayBeGone && parse(answer.body)?.['message']) return null as T;
    if (status === 200) {
      const value = parse(answer.body);
      if (value) return value as T;
      throw new CliError(
        `${where} answered with something else than the audit API: ${shownBody(answer.body)}`,
      );
    }
    const { message } = parse(answer.body) ?? {};
    const text = typeof message === 'string' ? message : shownBody(answer.body);
    if (status === 400) throw new UsageError(`The audit API refuses this: ${text}`);
    if (status === 401) {
      throw new CliError(
        'The audit API does not take the token: LIVE_CALLBACK_ADMIN_TOKEN must be the one of the application.',
      );
    }
    if (status === 404) {
      throw new CliError(
        `There is no audit API at ${where}: it is off unless the module has the option "audit", and below the base path of the callback routes.`,
      );
    }
    throw new CliError(`The audit API at ${where} answered ${status}: ${text}`);
  }
}

function parse(body: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // a page of something in between
  }
}
