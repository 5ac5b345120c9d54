import { Freshness, Loaded } from '../components/answer.js';
import { FilterForm, type Field } from '../components/filter-form.js';
import { State } from '../components/state.js';
import { Table, type Column } from '../components/table.js';
import { Age, Moment, useNow } from '../components/time.js';
import { useLanguage, type Language } from '../language.js';
import { linkTo, type Route } from '../route.js';
import type { Items, SessionSummary } from '../shapes.js';
import { useAnswer, useSession } from '../use-answer.js';
import { StreamName } from './callbacks.page.js';

const STATES = ['live', 'interrupted', 'ended'] as const;

/** Who is live, since when, and how that is known; or how to have it worked out. */
export function LivePage({ route }: { route: Route }) {
  const language = useLanguage();
  const { hasSessions } = useSession();
  if (hasSessions !== false) return <Sessions query={route.query} isKnown={hasSessions === true} />;
  return (
    <>
      <h1>{language.say('page.live')}</h1>
      <div class="empty">
        <p>{language.say('live.off')}</p>
        <p>
          <code>{"LiveCallbackModule.forRoot({ keys: '…', sessions: {} })"}</code>
        </p>
      </div>
    </>
  );
}

function Sessions({ query, isKnown }: { query: Route['query']; isKnown: boolean }) {
  const language = useLanguage();
  const now = useNow();
  const filter = { state: 'live', ...query };
  const answer = useAnswer<Items<SessionSummary>>(isKnown ? 'sessions' : null, {
    ...filter,
    limit: '50',
  });
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.live')}</h1>
        <Freshness answer={answer} />
      </div>
      <FilterForm
        key={JSON.stringify(query)}
        page="live"
        fields={fieldsOf(language)}
        query={filter}
      />
      <Loaded answer={answer}>
        {({ items, nextCursor }) => (
          <>
            <Table
              caption={language.say('page.live')}
              columns={columnsOf(language, now)}
              rows={items}
              keyOf={({ id }) => id}
              empty={language.say('live.empty')}
            />
            <p class="pages">
              {nextCursor && (
                <a href={linkTo('live', { ...query, cursor: nextCursor })}>
                  {language.say('callbacks.older')}
                </a>
              )}
            </p>
          </>
        )}
      </Loaded>
    </>
  );
}

function fieldsOf(language: Language): Field[] {
  return [
    {
      name: 'state',
      values: STATES.map((state) => [state, language.say(`state.${state}`)] as const),
    },
    { name: 'domain' },
    { name: 'path' },
    { name: 'stream' },
  ];
}

function columnsOf(language: Language, now: number): Column<SessionSummary>[] {
  return [
    {
      name: language.say('filter.stream'),
      cell: ({ id, stream }) => (
        <a href={linkTo('live', {}, id)}>
          <StreamName stream={stream} />
        </a>
      ),
    },
    { name: language.say('filter.state'), cell: ({ state }) => <State of={state} /> },
    { name: language.say('live.since'), cell: ({ startedAt }) => <Moment at={startedAt} /> },
    {
      name: language.say('live.uptime'),
      isNumber: true,
      cell: ({ state, startedAt, uptimeMs, gapMs }) => {
        // What was pushed goes on between two answers.
        const soFar = state === 'live' ? now - Date.parse(startedAt) - gapMs : uptimeMs;
        return language.duration(Math.max(0, soFar - (soFar % 1_000)));
      },
    },
    {
      name: language.say('live.reconnects'),
      isNumber: true,
      cell: ({ reconnects }) => language.number(reconnects),
    },
    {
      name: language.say('live.picture'),
      cell: ({ width, height }) => (width && height ? `${width}×${height}` : '–'),
    },
    {
      name: language.say('live.evidence'),
      cell: ({ startedBy, lastConfirmedAt }) => (
        <>
          <Age at={lastConfirmedAt} />
          <small>{language.sayIfKnown(`evidence.${startedBy}`) ?? startedBy}</small>
        </>
      ),
    },
  ];
}
