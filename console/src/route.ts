import { useEffect, useState } from 'preact/hooks';

/** Where the page is: behind the `#`, so that no server has to know its places. */
export interface Route {
  readonly page: string;
  /** What of the page, such as the id of a callback. */
  readonly item: string | undefined;
  /** The filter. */
  readonly query: Readonly<Record<string, string>>;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [page = '', item] = path.split('/');
  return {
    page,
    item: item === undefined || item === '' ? undefined : decodeURIComponent(item),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Address of a place; what is empty is left out. */
export function linkTo(
  page: string,
  query: Readonly<Record<string, string | undefined>> = {},
  item?: string,
): string {
  const given = Object.entries(query).filter(([, value]) => value);
  const text = new URLSearchParams(given as [string, string][]).toString();
  const path = item === undefined ? page : `${page}/${encodeURIComponent(item)}`;
  return `#/${path}${text && `?${text}`}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const follow = () => setRoute(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
