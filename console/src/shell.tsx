import type { ComponentType } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { HealthBanner } from './components/health-banner.js';
import { useLanguage, type TextKey } from './language.js';
import { CallbackPage } from './pages/callback.page.js';
import { CallbacksPage } from './pages/callbacks.page.js';
import { DeadLettersPage } from './pages/dead-letters.page.js';
import { LivePage } from './pages/live.page.js';
import { ListenersPage } from './pages/listeners.page.js';
import { ReconciliationPage } from './pages/reconciliation.page.js';
import { RefusedPage } from './pages/refused.page.js';
import { SessionPage } from './pages/session.page.js';
import { TemplatePage } from './pages/template.page.js';
import { TemplatesPage } from './pages/templates.page.js';
import { Preferences } from './preferences.js';
import { linkTo, useRoute, type Route } from './route.js';
import type { Server } from './server.js';
import type { Standing } from './shapes.js';
import { SessionContext, useAnswer } from './use-answer.js';
import { Failure } from './components/answer.js';

const POLL_MS = 5_000;

/** A page, and the figure beside its name in the menu. */
interface Page {
  readonly content: ComponentType<{ readonly route: Route }>;
  readonly badge?: (standing: Standing) => number | null;
}

const PAGES: Record<string, Page> = {
  live: { content: LivePage },
  callbacks: { content: CallbacksPage },
  'dead-letters': { content: DeadLettersPage, badge: ({ health }) => health.deadLetters },
  refused: { content: RefusedPage },
  listeners: { content: ListenersPage, badge: ({ health }) => health.backlog?.pending ?? null },
  templates: { content: TemplatesPage },
  reconciliation: { content: ReconciliationPage },
};

/** Pages of one thing. */
const DETAILS: Record<string, Page['content']> = {
  callbacks: CallbackPage,
  live: SessionPage,
  templates: TemplatePage,
};

const FIRST = 'callbacks';

interface ShellProps {
  readonly server: Server;
  readonly onSignOut?: () => void;
}

/** Asks what whoever is here may do, then shows the page. */
export function Shell({ server, onSignOut }: ShellProps) {
  const [isPolling, setPolling] = useState(true);
  const everyMs = isPolling ? POLL_MS : null;
  const first = useMemo(
    () => ({
      server,
      rights: [],
      hasSessions: undefined,
      hasTemplates: undefined,
      hasReconciliation: undefined,
      everyMs,
    }),
    [server, everyMs],
  );
  return (
    <SessionContext.Provider value={first}>
      <Frame
        server={server}
        everyMs={everyMs}
        onPolling={setPolling}
        {...(onSignOut ? { onSignOut } : {})}
      />
    </SessionContext.Provider>
  );
}

interface FrameProps extends ShellProps {
  readonly everyMs: number | null;
  readonly onPolling: (isPolling: boolean) => void;
}

function Frame({ server, everyMs, onPolling, onSignOut }: FrameProps) {
  const language = useLanguage();
  const route = useRoute();
  const standing = useAnswer<Standing>('standing');
  const main = useRef<HTMLElement>(null);
  const { hasSessions, hasTemplates, hasReconciliation } = standing.data ?? {};
  const rights = JSON.stringify(standing.data?.rights ?? []);
  const session = useMemo(
    () => ({
      server,
      rights: JSON.parse(rights) as string[],
      hasSessions,
      hasTemplates,
      hasReconciliation,
      everyMs,
    }),
    [server, rights, hasSessions, hasTemplates, hasReconciliation, everyMs],
  );
  const detail = route.item === undefined ? undefined : DETAILS[route.page];
  const name = route.page in PAGES ? route.page : FIRST;
  const title = language.say(`page.${name}` as TextKey);
  useEffect(() => {
    document.title = `${title} – ${language.say('app.name')}`;
  }, [title, language]);
  const Content = detail ?? (PAGES[name] as Page).content;
  return (
    <SessionContext.Provider value={session}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {language.say('app.skip')}
      </a>
      <header class="bar">
        <strong class="name">{language.say('app.name')}</strong>
        <nav aria-label={language.say('app.pages')}>
          {Object.entries(PAGES).map(([page, { badge }]) => {
            const figure = standing.data && badge?.(standing.data);
            return (
              <a key={page} href={linkTo(page)} aria-current={page === name ? 'page' : undefined}>
                {language.say(`page.${page}` as TextKey)}
                {figure ? (
                  <span class={`badge badge-${page}`}>{language.number(figure)}</span>
                ) : null}
              </a>
            );
          })}
        </nav>
        <label class="polling">
          <input
            type="checkbox"
            checked={everyMs !== null}
            onChange={(event) => onPolling(event.currentTarget.checked)}
          />
          {language.say('app.polling')}
        </label>
        <Preferences />
        {onSignOut && (
          <button type="button" class="quiet" onClick={onSignOut}>
            {language.say('app.sign-out')}
          </button>
        )}
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        {standing.error && <Failure error={standing.error} />}
        {standing.data && <HealthBanner health={standing.data.health} />}
        <Content key={`${name}/${route.item ?? ''}`} route={route} />
      </main>
    </SessionContext.Provider>
  );
}
