import { useEffect, useState } from 'preact/hooks';

import { useLanguage } from '../language.js';

/** The time, which goes on. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A time of the place of whoever looks; the exact one is in its title. */
export function Moment({ at }: { at: string | null }) {
  const language = useLanguage();
  if (at === null) return <span class="none">–</span>;
  return (
    <time dateTime={at} title={at}>
      {language.moment(at)}
    </time>
  );
}

/** How long ago something was. */
export function Age({ at }: { at: string | null }) {
  const language = useLanguage();
  const now = useNow();
  if (at === null) return <span class="none">–</span>;
  return (
    <time dateTime={at} title={language.moment(at)}>
      {language.age(at, now)}
    </time>
  );
}
