import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';

import { ServerError, type Parameters, type Server } from './server.js';

/** Everything that a page asks. */
export interface Session {
  readonly server: Server;
  /** What whoever is signed in may do. */
  readonly rights: readonly string[];
  /** Whether it is worked out who is live; undefined until that is known. */
  readonly hasSessions: boolean | undefined;
  /** Whether callback templates can be seen; undefined until that is known. */
  readonly hasTemplates: boolean | undefined;
  /** Whether it is compared with what the cloud knows; undefined until that is known. */
  readonly hasReconciliation: boolean | undefined;
  /** How often pages ask again, ms; null while they are not to. */
  readonly everyMs: number | null;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  return useContext(SessionContext) as Session;
}

/** What is known of an answer. */
export interface Answer<T> {
  /** The last one that there was. */
  readonly data: T | undefined;
  /** When it came, Unix ms. */
  readonly at: number | undefined;
  /** Why there is no newer one. */
  readonly error: ServerError | undefined;
  readonly reload: () => void;
}

/**
 * Asks, and asks again, as long as the page is looked at.
 *
 * @param path null: nothing is asked yet
 */
export function useAnswer<T>(path: string | null, parameters: Parameters = {}): Answer<T> {
  const { server, everyMs } = useSession();
  const key = JSON.stringify([path, parameters]);
  const [state, setState] = useState<{ key: string } & Omit<Answer<T>, 'reload'>>();
  const ask = useRef<() => void>(() => {});
  useEffect(() => {
    if (path === null) return undefined;
    const aborted = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    const load = async () => {
      if (isAsking) return;
      isAsking = true;
      clearTimeout(timer);
      try {
        const data = await server.get<T>(path, parameters, aborted.signal);
        if (!aborted.signal.aborted) setState({ key, data, at: Date.now(), error: undefined });
      } catch (error) {
        if (aborted.signal.aborted || !(error instanceof ServerError)) return;
        setState((last) => {
          const kept = last?.key === key ? last : { key, data: undefined, at: undefined };
          return { ...kept, error };
        });
      } finally {
        isAsking = false;
        if (!aborted.signal.aborted && everyMs !== null) timer = setTimeout(next, everyMs);
      }
    };
    const next = () => {
      if (document.hidden) timer = setTimeout(next, everyMs ?? 0);
      else void load();
    };
    ask.current = () => void load();
    void load();
    return () => {
      aborted.abort();
      clearTimeout(timer);
    };
    // The key says what path and parameters are.
  }, [key, server, everyMs]);
  const reload = useCallback(() => ask.current(), []);
  const current = state?.key === key ? state : undefined;
  return { data: current?.data, at: current?.at, error: current?.error, reload };
}
