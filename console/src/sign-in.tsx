import { useState } from 'preact/hooks';

import { useLanguage } from './language.js';
import { Preferences } from './preferences.js';

interface SignInProps {
  readonly asksForToken: boolean;
  readonly wasRefused: boolean;
  readonly onToken: (token: string) => void;
}

/** Where a token is pasted; it goes no further than the memory of this page. */
export function SignIn({ asksForToken, wasRefused, onToken }: SignInProps) {
  const language = useLanguage();
  const [token, setToken] = useState('');
  return (
    <>
      <header class="bar">
        <strong class="name">{language.say('app.name')}</strong>
        <Preferences />
      </header>
      <main class="sign-in">
        <h1>{language.say('sign-in.title')}</h1>
        {wasRefused && (
          <p role="alert" class="failure">
            {language.say(asksForToken ? 'sign-in.refused' : 'failure.401')}
          </p>
        )}
        {asksForToken ? (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              onToken(token.trim());
            }}
          >
            <label>
              {language.say('sign-in.token')}
              <input
                type="password"
                required
                autocomplete="off"
                value={token}
                onInput={(event) => setToken(event.currentTarget.value)}
              />
            </label>
            <p class="none">{language.say('sign-in.hint')}</p>
            <button type="submit" class="primary">
              {language.say('sign-in.go')}
            </button>
          </form>
        ) : (
          <p>{language.say('sign-in.host')}</p>
        )}
      </main>
    </>
  );
}
