/** Says that a request came from this page, which no page of another origin can. */
const WRITE_HEADER = 'x-live-callback-console';

/** Beside the files of this page, wherever that is served. */
const API = new URL(/* @vite-ignore */ '../api/', import.meta.url);

/** What a question may ask besides its path. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** An answer that is none. */
export class ServerError extends Error {
  constructor(
    /** Of HTTP; 0 when nobody answered. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Asks the host. The token is in memory alone: neither in a URL nor in the storage of the browser, so it is
 * gone when the page is.
 */
export class Server {
  private token: string | undefined;

  /** @param onRefused called when the host does not, or no longer, let this page in */
  constructor(private readonly onRefused: () => void) {}

  use(token: string | undefined): void {
    this.token = token;
  }

  /** @throws ServerError */
  get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
    const url = new URL(path, API);
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined && value !== '') url.searchParams.set(name, value);
    }
    return this.ask<T>(url, { signal: signal ?? null });
  }

  /** @throws ServerError */
  post<T>(path: string, body: object): Promise<T> {
    return this.ask<T>(new URL(path, API), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [WRITE_HEADER]: '1' },
      body: JSON.stringify(body),
    });
  }

  private async ask<T>(url: URL, init: RequestInit): Promise<T> {
    const headers = new Headers(init.headers);
    if (this.token !== undefined) headers.set('authorization', `Bearer ${this.token}`);
    const response = await fetch(url, {
      ...init,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
    }).catch((error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw new ServerError(0, String(error));
    });
    if (response.ok) return (await response.json()) as T;
    if (response.status === 401) this.onRefused();
    throw new ServerError(response.status, await messageOf(response));
  }
}

async function messageOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : response.statusText;
  } catch {
    return response.statusText;
  }
}
