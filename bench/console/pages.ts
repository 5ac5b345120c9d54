import type { LookedAt } from './person.js';

const DAY_MS = 86_400_000;

interface Items<T> {
  readonly items: readonly (T & { readonly id: string })[];
}

interface Place {
  readonly name: string;
  readonly domain: string;
  readonly path: string;
}

/** What the page of the console asks, by page, as it does. */
export async function pagesOf(
  get: <T>(path: string) => Promise<T>,
  stream: string,
): Promise<LookedAt[]> {
  const [callback] = (await get<Items<object>>(`callbacks?stream=${stream}&limit=1`)).items;
  const [session] = (await get<Items<{ stream: Place }>>('sessions?state=live&limit=1')).items;
  if (!callback || !session) throw new Error('There is nothing to look at.');
  const from = encodeURIComponent(new Date(Date.now() - DAY_MS).toISOString());
  const { name, domain, path } = session.stream;
  const ofSession = `stream=${name}&domain=${domain}&path=${path}&from=${from}&limit=500`;
  const pages: Record<string, string[]> = {
    Live: ['sessions?state=live&limit=50'],
    Session: [`sessions/${session.id}`, `callbacks?${ofSession}`, `deliveries?${ofSession}`],
    Callbacks: ['callbacks?limit=50', 'stats'],
    'Callbacks, by stream': [`callbacks?stream=${stream}&limit=50`, 'stats'],
    'Callbacks, dead': ['callbacks?delivery=dead&limit=50', 'stats'],
    Callback: [`callbacks/${callback.id}`, `callbacks/${callback.id}/variants`],
    'Dead letters': ['dead-letters'],
    Refused: [`refusals?from=${from}`, 'rejections?limit=20'],
    Listeners: ['listeners'],
    Templates: ['templates'],
    Reconciliation: ['reconciliation'],
  };
  return Object.entries(pages).map(([page, paths]) => ({
    name: page,
    paths: ['standing', ...paths],
  }));
}
