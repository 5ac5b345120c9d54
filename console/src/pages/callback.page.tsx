import { useState } from 'preact/hooks';

import { ActDialog, type Order } from '../components/act-dialog.js';
import { Freshness, Loaded } from '../components/answer.js';
import { BodyView } from '../components/body-view.js';
import { Kind, State } from '../components/state.js';
import { Table } from '../components/table.js';
import { Text } from '../components/text.js';
import { Moment, useNow } from '../components/time.js';
import { Variants } from '../components/variants.js';
import { Waterfall } from '../components/waterfall.js';
import { useLanguage } from '../language.js';
import { linkTo, type Route } from '../route.js';
import type { CallbackDetail, DeliveryRow } from '../shapes.js';
import { useAnswer, useSession } from '../use-answer.js';

/** One callback: what it said, what was odd about it, and where each listener stands with it. */
export function CallbackPage({ route }: { route: Route }) {
  const language = useLanguage();
  const id = route.item ?? '';
  const answer = useAnswer<CallbackDetail>(`callbacks/${encodeURIComponent(id)}`);
  return (
    <>
      <div class="heading">
        <h1>{language.say('callback.title')}</h1>
        <Freshness answer={answer} />
      </div>
      <p>
        <a href={linkTo('callbacks')}>{language.say('callback.all')}</a>
      </p>
      <Loaded answer={answer}>
        {(callback) => <Callback callback={callback} onChange={answer.reload} />}
      </Loaded>
    </>
  );
}

interface CallbackProps {
  readonly callback: CallbackDetail;
  readonly onChange: () => void;
}

function Callback({ callback, onChange }: CallbackProps) {
  const language = useLanguage();
  const { rights } = useSession();
  return (
    <>
      <Facts callback={callback} />
      <Lines title={language.say('callback.errors')} lines={callback.errors} />
      <Lines title={language.say('callback.warnings')} lines={callback.warnings} />
      <section>
        <h2>{language.say('callback.deliveries')}</h2>
        <Deliveries callback={callback} />
        {rights.includes('act') && <Actions callback={callback} onChange={onChange} />}
      </section>
      <BodyView callback={callback} />
      <Variants callback={callback} />
    </>
  );
}

function Facts({ callback }: { callback: CallbackDetail }) {
  const language = useLanguage();
  const { stream, discard, reveal, erased } = callback;
  return (
    <dl class="facts">
      <div>
        <dt>{language.say('filter.kind')}</dt>
        <dd>
          <Kind of={callback.kind} /> <small>event_type {callback.eventType ?? '–'}</small>
        </dd>
      </div>
      <div>
        <dt>{language.say('filter.state')}</dt>
        <dd>
          <State of={callback.state} />
        </dd>
      </div>
      <div>
        <dt>{language.say('filter.stream')}</dt>
        <dd>
          {stream.name === null ? (
            '–'
          ) : (
            <a href={linkTo('callbacks', { stream: stream.name })}>
              <Text of={stream.name} />
            </a>
          )}
        </dd>
      </div>
      <div>
        <dt>{language.say('callback.place')}</dt>
        <dd>
          <Text of={stream.domain} /> / <Text of={stream.path} />
        </dd>
      </div>
      <div>
        <dt>sequence</dt>
        <dd>
          <Text of={callback.sequence} />
        </dd>
      </div>
      <div>
        <dt>{language.say('callback.occurred')}</dt>
        <dd>
          <Moment at={callback.occurredAt} />
        </dd>
      </div>
      <div>
        <dt>{language.say('column.received')}</dt>
        <dd>
          <Moment at={callback.receivedAt} />
        </dd>
      </div>
      <div>
        <dt>{language.say('column.receipts')}</dt>
        <dd>{language.number(callback.receiptsCount)}</dd>
      </div>
      <div>
        <dt>{language.say('column.address')}</dt>
        <dd>
          <Text of={callback.remoteAddress} />
        </dd>
      </div>
      <div>
        <dt>id</dt>
        <dd>
          <code>{callback.id}</code>
        </dd>
      </div>
      {discard && (
        <div>
          <dt>{language.say('state.discarded')}</dt>
          <dd>
            <Note of={discard} />
          </dd>
        </div>
      )}
      {reveal && (
        <div>
          <dt>{language.say('callback.revealed', { count: reveal.count })}</dt>
          <dd>
            <Note of={reveal} />
          </dd>
        </div>
      )}
      {erased && (
        <div>
          <dt>{language.say('callback.erased')}</dt>
          <dd>
            <Note of={erased} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Who did something, when and why. */
function Note({ of }: { of: { at?: string; reason?: string; actor: string } }) {
  return (
    <>
      {of.at && <Moment at={of.at} />} <Text of={of.actor} />
      {of.reason !== undefined && (
        <>
          : <Text of={of.reason} />
        </>
      )}
    </>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <section class="remarks">
      <h2>{title}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>
            <Text of={line} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Deliveries({ callback }: { callback: CallbackDetail }) {
  const language = useLanguage();
  const now = useNow();
  const { deliveries, receivedAt } = callback;
  if (deliveries.length === 0) return <p class="empty">{language.say('callback.nobody')}</p>;
  return (
    <>
      <Waterfall receivedAt={receivedAt} deliveries={deliveries} now={now} />
      <Table<DeliveryRow>
        caption={language.say('callback.deliveries')}
        rows={deliveries}
        keyOf={({ listener }) => listener}
        empty=""
        columns={[
          { name: language.say('filter.listener'), cell: ({ listener }) => <Text of={listener} /> },
          { name: language.say('filter.state'), cell: ({ state }) => <State of={state} /> },
          {
            name: language.say('column.attempts'),
            isNumber: true,
            cell: ({ attempts }) => language.number(attempts),
          },
          {
            name: language.say('column.took'),
            isNumber: true,
            cell: ({ durationMs }) => (durationMs === null ? '–' : language.duration(durationMs)),
          },
          {
            name: language.say('column.ended'),
            cell: ({ finishedAt, nextAttemptAt }) =>
              nextAttemptAt === null ? (
                <Moment at={finishedAt} />
              ) : (
                <>
                  {language.say('waterfall.next')} <Moment at={nextAttemptAt} />
                </>
              ),
          },
          {
            name: language.say('column.error'),
            cell: ({ lastError, replay }) => (
              <>
                <Text of={lastError} />
                {replay && (
                  <small>
                    {language.say('callback.replayed')} <Moment at={replay.at} />{' '}
                    <Text of={replay.actor} />: <Text of={replay.reason} />
                  </small>
                )}
              </>
            ),
          },
        ]}
      />
    </>
  );
}

/** What can be replayed is what was closed; what can be discarded, a dead letter or what nobody could read. */
function Actions({ callback, onChange }: CallbackProps) {
  const language = useLanguage();
  const { server } = useSession();
  const [order, setOrder] = useState<Order>();
  const { id, state, deliveries } = callback;
  const closed = deliveries.filter((it) => it.state !== 'pending').length;
  const dead = deliveries.filter((it) => it.state === 'dead').length;
  const unread = state === 'unknown' || state === 'quarantined' ? 1 : 0;
  const act = (verb: Order['verb'], count: number) =>
    setOrder({
      verb,
      preview: () => Promise.resolve(count),
      step: async (why) => {
        const answer = await server.post<{ items?: unknown[] }>(`callbacks/${id}/${verb}`, why);
        return { count: answer.items?.length ?? count, nextCursor: null };
      },
    });
  return (
    <p class="buttons">
      {closed > 0 && callback.body !== null && (
        <button type="button" onClick={() => act('replay', closed)}>
          {language.say('act.replay')}…
        </button>
      )}
      {dead + unread > 0 && (
        <button type="button" class="danger" onClick={() => act('discard', dead + unread)}>
          {language.say('act.discard')}…
        </button>
      )}
      {order && (
        <ActDialog
          order={order}
          onClose={(isDone) => {
            setOrder(undefined);
            if (isDone) onChange();
          }}
        />
      )}
    </p>
  );
}
