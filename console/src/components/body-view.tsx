import { useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import { ServerError } from '../server.js';
import type { CallbackDetail } from '../shapes.js';
import { useSession } from '../use-answer.js';
import { Failure } from './answer.js';
import { Meanings } from './meanings.js';
import { visible } from './text.js';
import { Moment } from './time.js';

/** A body as it was received, without its secrets until whoever may asks for them, and what it says. */
export function BodyView({ callback }: { callback: CallbackDetail }) {
  const language = useLanguage();
  const { server, rights } = useSession();
  const [revealed, setRevealed] = useState<CallbackDetail>();
  const [error, setError] = useState<ServerError>();
  const shown = revealed ?? callback;
  const reveal = () => {
    const path = `callbacks/${encodeURIComponent(callback.id)}`;
    server.get<CallbackDetail>(path, { reveal: 'body' }).then(setRevealed, setError);
  };
  if (callback.body === null) {
    return (
      <section>
        <h2>{language.say('body.title')}</h2>
        <p class="empty">
          {language.say('body.purged')} <Moment at={callback.bodyPurgedAt} />
        </p>
      </section>
    );
  }
  return (
    <section>
      <h2 id="body">{language.say('body.title')}</h2>
      {error && <Failure error={error} />}
      <p class="buttons">
        <span class="none">
          {language.say(revealed ? 'body.revealed' : 'body.masked')}
          {callback.bodyEncoding === 'base64' && ' (base64)'}
        </span>
        {rights.includes('reveal') && !revealed && (
          <button type="button" onClick={reveal}>
            {language.say('body.reveal')}
          </button>
        )}
        {revealed && (
          <button type="button" onClick={() => setRevealed(undefined)}>
            {language.say('body.hide')}
          </button>
        )}
      </p>
      <pre tabIndex={0} role="region" aria-labelledby="body" dir="ltr">
        {visible(shown.body ?? '')}
      </pre>
      {shown.data !== null && (
        <>
          <h2 id="view">{language.say('body.view')}</h2>
          <Meanings kind={callback.kind} data={shown.data} />
          <pre tabIndex={0} role="region" aria-labelledby="view" dir="ltr">
            {visible(JSON.stringify(shown.data, null, 2))}
          </pre>
        </>
      )}
    </section>
  );
}
