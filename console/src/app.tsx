import { useMemo, useState } from 'preact/hooks';

import { Shell } from './shell.js';
import { Server } from './server.js';
import { SignIn } from './sign-in.js';

/** Whether people paste a token here, or the guards of the host let them in before. */
const asksForToken = document.documentElement.dataset['signIn'] !== 'host';

/** The page of whoever is let in, or where one is asked for a token. */
export function App() {
  const [isIn, setIn] = useState(!asksForToken);
  const [wasRefused, setRefused] = useState(false);
  const server = useMemo(
    () =>
      new Server(() => {
        setRefused(true);
        setIn(false);
      }),
    [],
  );
  if (isIn) {
    const signOut = () => {
      server.use(undefined);
      setRefused(false);
      setIn(false);
    };
    return <Shell server={server} {...(asksForToken ? { onSignOut: signOut } : {})} />;
  }
  const signIn = (token: string) => {
    server.use(token);
    setRefused(false);
    setIn(true);
  };
  return <SignIn asksForToken={asksForToken} wasRefused={wasRefused} onToken={signIn} />;
}
