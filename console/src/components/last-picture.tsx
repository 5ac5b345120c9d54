import { useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import type { ServerError } from '../server.js';
import type { CallbackDetail, CallbackRow, Items, SessionSummary } from '../shapes.js';
import { useSession } from '../use-answer.js';
import { Failure } from './answer.js';

/** The latest screenshot of a stream, once somebody has asked to see it: it comes from elsewhere, unmoderated. */
export function LastPicture({ stream }: { stream: SessionSummary['stream'] }) {
  const language = useLanguage();
  const { server } = useSession();
  const [url, setUrl] = useState<string | null>();
  const [error, setError] = useState<ServerError>();
  const load = async () => {
    const { items } = await server.get<Items<CallbackRow>>('callbacks', {
      kind: 'screenshot',
      stream: stream.name ?? undefined,
      domain: stream.domain ?? undefined,
      limit: '1',
    });
    const [latest] = items;
    if (!latest) return null;
    const { data } = await server.get<CallbackDetail>(`callbacks/${latest.id}`);
    const { pic_url: address } = (data ?? {}) as { pic_url?: unknown };
    return typeof address === 'string' && /^https?:/.test(address) ? address : null;
  };
  if (error) return <Failure error={error} />;
  if (url === undefined) {
    return (
      <button type="button" onClick={() => void load().then(setUrl, setError)}>
        {language.say('session.show-picture')}
      </button>
    );
  }
  if (url === null) return <span class="none">{language.say('session.no-picture')}</span>;
  return (
    <img
      class="picture"
      src={url.replace(/^http:/, 'https:')}
      alt={language.say('session.picture')}
      referrerpolicy="no-referrer"
    />
  );
}
