import { Freshness, Loaded } from '../components/answer.js';
import { FilterForm, type Field } from '../components/filter-form.js';
import { LazyChart } from '../components/lazy-chart.js';
import { Kind, State } from '../components/state.js';
import { Table, type Column } from '../components/table.js';
import { Text } from '../components/text.js';
import { Moment } from '../components/time.js';
import { KINDS } from '../kinds.js';
import { useLanguage, type Language } from '../language.js';
import { linkTo, type Route } from '../route.js';
import type { CallbackRow, Items, StatsItem } from '../shapes.js';
import { useAnswer } from '../use-answer.js';

const PAGE = '50';
const HOURS = 24;
const HOUR_S = 3_600;

/** What arrived, by a filter, newest first, with the last day as a chart. */
export function CallbacksPage({ route }: { route: Route }) {
  const language = useLanguage();
  const { query } = route;
  const answer = useAnswer<Items<CallbackRow>>('callbacks', { ...query, limit: PAGE });
  const stats = useAnswer<Items<StatsItem>>('stats');
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.callbacks')}</h1>
        <Freshness answer={answer} />
      </div>
      {stats.data && <Day items={stats.data.items} />}
      <FilterForm
        key={JSON.stringify(query)}
        page="callbacks"
        fields={fieldsOf(language)}
        query={query}
      />
      <Loaded answer={answer}>
        {({ items, nextCursor }) => (
          <>
            <Table
              caption={language.say('page.callbacks')}
              columns={columnsOf(language)}
              rows={items}
              keyOf={({ id }) => id}
              empty={language.say('callbacks.empty')}
            />
            <p class="pages">
              {query['cursor'] && (
                <a href={linkTo('callbacks', { ...query, cursor: undefined })}>
                  {language.say('callbacks.newest')}
                </a>
              )}{' '}
              {nextCursor && (
                <a href={linkTo('callbacks', { ...query, cursor: nextCursor })}>
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
  const state = (name: 'accepted' | 'unknown' | 'quarantined' | 'discarded' | 'reconciled') =>
    [name, language.say(`state.${name}`)] as const;
  const delivery = (name: 'pending' | 'done' | 'dead' | 'discarded' | 'superseded') =>
    [name, language.say(`state.${name}`)] as const;
  return [
    {
      name: 'kind',
      values: KINDS.map((kind) => [kind, language.say(`kind.${kind}`)] as const),
    },
    { name: 'domain' },
    { name: 'path' },
    { name: 'stream' },
    {
      name: 'state',
      values: [
        state('accepted'),
        state('unknown'),
        state('quarantined'),
        state('discarded'),
        state('reconciled'),
      ],
    },
    {
      name: 'delivery',
      values: [
        delivery('pending'),
        delivery('done'),
        delivery('dead'),
        delivery('discarded'),
        delivery('superseded'),
      ],
    },
    { name: 'from', type: 'time' },
    { name: 'to', type: 'time' },
  ];
}

function columnsOf(language: Language): Column<CallbackRow>[] {
  return [
    {
      name: language.say('column.received'),
      cell: ({ id, receivedAt }) => (
        <a href={linkTo('callbacks', {}, id)}>
          <Moment at={receivedAt} />
        </a>
      ),
    },
    { name: language.say('filter.kind'), cell: ({ kind }) => <Kind of={kind} /> },
    {
      name: language.say('filter.stream'),
      cell: ({ stream }) => <StreamName stream={stream} />,
    },
    { name: language.say('filter.state'), cell: ({ state }) => <State of={state} /> },
    {
      name: language.say('column.receipts'),
      isNumber: true,
      cell: ({ receiptsCount }) => language.number(receiptsCount),
    },
    {
      name: language.say('column.remarks'),
      cell: ({ conflicting }) =>
        conflicting ? (
          <span class="state state-quarantined">
            <span aria-hidden="true">≠</span> {language.say('callbacks.conflicting')}
          </span>
        ) : (
          ''
        ),
    },
  ];
}

/** Push domain, AppName and stream, as far as they are known. */
export function StreamName({ stream }: { stream: CallbackRow['stream'] }) {
  const place = [stream.domain, stream.path].filter((it) => it !== null).join('/');
  return (
    <>
      <Text of={stream.name} />
      {place && (
        <small>
          <Text of={place} />
        </small>
      )}
    </>
  );
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The last day by the hour. */
function Day({ items }: { items: readonly StatsItem[] }) {
  const language = useLanguage();
  const now = Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S;
  const times = Array.from({ length: HOURS }, (_, at) => now - (HOURS - 1 - at) * HOUR_S);
  const count = (isGood: boolean) =>
    times.map((time) =>
      items
        .filter(
          ({ bucket, state }) =>
            Date.parse(bucket) / 1000 === time && (state === 'accepted') === isGood,
        )
        .reduce((sum, item) => sum + item.count, 0),
    );
  const good = count(true);
  const other = count(false);
  const label = language.say('callbacks.day', { count: total(good), other: total(other) });
  return (
    <figure>
      <figcaption>{label}</figcaption>
      <LazyChart
        label={label}
        times={times}
        series={[
          { name: language.say('state.quarantined'), color: 'warn', values: other },
          { name: language.say('state.accepted'), color: 'good', values: good },
        ]}
      />
    </figure>
  );
}
