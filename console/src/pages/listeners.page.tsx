import { useState } from 'preact/hooks';

import { ActDialog, type Order } from '../components/act-dialog.js';
import { Freshness, Loaded } from '../components/answer.js';
import { LazyChart } from '../components/lazy-chart.js';
import { Sparkline } from '../components/sparkline.js';
import { Kind, State } from '../components/state.js';
import { Table } from '../components/table.js';
import { Text } from '../components/text.js';
import { Age, useNow } from '../components/time.js';
import { useLanguage } from '../language.js';
import { linkTo } from '../route.js';
import type { ListenerOverview, ListenersOverview } from '../shapes.js';
import { useAnswer, useSession } from '../use-answer.js';

const MINUTES = 60;
const MINUTE_MS = 60_000;
/** What waits longer is shown as trouble. */
const LATE_MS = 60_000;

/** How the listeners do: what waits, for how long, how fast it goes, and what fails. */
export function ListenersPage() {
  const language = useLanguage();
  const now = useNow();
  const answer = useAnswer<ListenersOverview>('listeners');
  const minutes = minutesUntil(now);
  const { server, rights } = useSession();
  const [order, setOrder] = useState<Order>();
  const act = (verb: 'pause' | 'resume', listener: string) =>
    setOrder({
      verb,
      step: async (why) => {
        await server.post(`listeners/${verb}`, { ...why, listener });
        return { count: 1, nextCursor: null };
      },
    });
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.listeners')}</h1>
        <Freshness answer={answer} />
      </div>
      <Loaded answer={answer}>
        {({ items, countedTo }) => (
          <>
            <Hour items={items} minutes={minutes} />
            <Table
              caption={language.say('page.listeners')}
              rows={items}
              keyOf={({ listener }) => listener}
              empty={language.say('listeners.empty')}
              columns={[
                {
                  name: language.say('filter.listener'),
                  cell: ({ listener, kinds, ...state }) => (
                    <>
                      <Text of={listener} />
                      <Hold {...state} now={now} />
                      <small>
                        {kinds === null
                          ? language.say('listeners.elsewhere')
                          : kinds.map((kind, at) => (
                              <span key={kind}>
                                {at > 0 && ', '}
                                {kind === '*' ? language.say('listeners.all') : <Kind of={kind} />}
                              </span>
                            ))}
                      </small>
                    </>
                  ),
                },
                {
                  name: language.say('column.pending'),
                  isNumber: true,
                  cell: ({ pending }) =>
                    `${language.number(pending)}${pending >= countedTo ? '+' : ''}`,
                },
                {
                  name: language.say('column.lag'),
                  isNumber: true,
                  cell: ({ oldestAt }) => <Lag oldestAt={oldestAt} now={now} />,
                },
                {
                  name: language.say('column.rate'),
                  cell: (row) => <Rate of={row} minutes={minutes} />,
                },
                {
                  name: language.say('column.duration'),
                  isNumber: true,
                  cell: ({ minutes: all }) => <Durations minutes={all} />,
                },
                {
                  name: language.say('column.retried'),
                  isNumber: true,
                  cell: ({ minutes: all }) =>
                    language.number(all.reduce((sum, { retried }) => sum + retried, 0)),
                },
                {
                  name: language.say('page.dead-letters'),
                  isNumber: true,
                  cell: ({ dead, listener }) =>
                    dead === 0 ? (
                      '0'
                    ) : (
                      <a class="state state-dead" href={linkTo('dead-letters', { listener })}>
                        <span aria-hidden="true">✕</span> {language.number(dead)}
                        {dead >= countedTo && '+'}
                      </a>
                    ),
                },
                ...(rights.includes('act')
                  ? [
                      {
                        name: language.say('column.actions'),
                        cell: (row: ListenerOverview) => <Buttons of={row} act={act} />,
                      },
                    ]
                  : []),
              ]}
            />
            <p class="none">{language.say('listeners.hint', { count: countedTo })}</p>
          </>
        )}
      </Loaded>
      {order && (
        <ActDialog
          order={order}
          onClose={(isDone) => {
            setOrder(undefined);
            if (isDone) answer.reload();
          }}
        />
      )}
    </>
  );
}

/** What holds it up: since when, by whom and why. */
function Hold({
  pausedAt,
  change,
  breaker,
  now,
}: Pick<ListenerOverview, 'pausedAt' | 'change' | 'breaker'> & { now: number }) {
  const language = useLanguage();
  const untilProbe = breaker ? Math.max(0, Date.parse(breaker.probeAt) - now) : 0;
  return (
    <>
      {pausedAt !== null && (
        <p class="hold">
          <State of="paused" /> <Age at={pausedAt} />
          {change && (
            <small>
              <Text of={change.actor} />: <Text of={change.reason} />
            </small>
          )}
        </p>
      )}
      {breaker && (
        <p class="hold">
          <State of="open" /> <Age at={breaker.openedAt} />
          <small>
            <Text of={breaker.error} />
          </small>
          <small>
            {language.say('listeners.probe', {
              time: language.duration(untilProbe - (untilProbe % 1000)),
            })}
          </small>
        </p>
      )}
    </>
  );
}

function Buttons({
  of: { listener, pausedAt, breaker },
  act,
}: {
  of: ListenerOverview;
  act: (verb: 'pause' | 'resume', listener: string) => void;
}) {
  const language = useLanguage();
  return (
    <span class="buttons">
      {pausedAt === null && (
        <button type="button" onClick={() => act('pause', listener)}>
          {language.say('act.pause')}…
        </button>
      )}
      {(pausedAt !== null || breaker) && (
        <button type="button" onClick={() => act('resume', listener)}>
          {language.say('act.resume')}…
        </button>
      )}
    </span>
  );
}

function Lag({ oldestAt, now }: { oldestAt: string | null; now: number }) {
  const language = useLanguage();
  if (oldestAt === null) return <span class="none">–</span>;
  const lag = Math.max(0, now - Date.parse(oldestAt));
  const text = language.duration(lag - (lag % 1000));
  if (lag < LATE_MS) return <>{text}</>;
  return (
    <span class="state state-quarantined">
      <span aria-hidden="true">◔</span> {text}
    </span>
  );
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function Rate({ of, minutes }: { of: ListenerOverview; minutes: readonly number[] }) {
  const language = useLanguage();
  const done = perMinute([of], minutes, 'done');
  const dead = perMinute([of], minutes, 'dead');
  const label = language.say('listeners.handled', { count: total(done), failed: total(dead) });
  return (
    <>
      <Sparkline label={label} values={done} bad={dead} />
      <small>{label}</small>
    </>
  );
}

function Durations({ minutes }: { minutes: ListenerOverview['minutes'] }) {
  const language = useLanguage();
  const count = minutes.reduce((sum, { done, dead }) => sum + done + dead, 0);
  if (count === 0) return <span class="none">–</span>;
  const spent = minutes.reduce(
    (sum, { averageMs, done, dead }) => sum + averageMs * (done + dead),
    0,
  );
  const slowest = Math.max(...minutes.map(({ slowestMs }) => slowestMs));
  return (
    <>
      {language.duration(Math.round(spent / count))}
      <small>{language.say('listeners.slowest', { time: language.duration(slowest) })}</small>
    </>
  );
}

/** The last hour of all listeners together. */
function Hour({
  items,
  minutes,
}: {
  items: readonly ListenerOverview[];
  minutes: readonly number[];
}) {
  const language = useLanguage();
  const done = perMinute(items, minutes, 'done');
  const dead = perMinute(items, minutes, 'dead');
  return (
    <figure>
      <figcaption>{language.say('listeners.hour')}</figcaption>
      <LazyChart
        label={language.say('listeners.hour')}
        times={minutes.map((at) => at / 1000)}
        series={[
          { name: language.say('state.dead'), color: 'bad', values: dead },
          { name: language.say('state.done'), color: 'good', values: done },
        ]}
      />
    </figure>
  );
}

function minutesUntil(now: number): number[] {
  const last = now - (now % MINUTE_MS);
  return Array.from({ length: MINUTES }, (_, at) => last - (MINUTES - 1 - at) * MINUTE_MS);
}

function perMinute(
  items: readonly ListenerOverview[],
  minutes: readonly number[],
  what: 'done' | 'dead',
): number[] {
  const counts = new Map<number, number>();
  for (const item of items) {
    for (const minute of item.minutes) {
      const at = Date.parse(minute.at);
      counts.set(at, (counts.get(at) ?? 0) + minute[what]);
    }
  }
  return minutes.map((at) => counts.get(at) ?? 0);
}
