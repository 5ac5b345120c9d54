import { useState } from 'preact/hooks';

import { ActDialog, type Order } from '../components/act-dialog.js';
import { Freshness, Loaded } from '../components/answer.js';
import { FilterForm, type Field } from '../components/filter-form.js';
import { Table } from '../components/table.js';
import { Text } from '../components/text.js';
import { Age } from '../components/time.js';
import { KINDS } from '../kinds.js';
import { useLanguage, type Language } from '../language.js';
import { linkTo, type Route } from '../route.js';
import type { DeadLetterGroup, Items } from '../shapes.js';
import { useAnswer, useSession } from '../use-answer.js';

type Filter = Readonly<Record<string, string | undefined>>;

/** What listeners have given up, by what they have in common, to be replayed or discarded together. */
export function DeadLettersPage({ route }: { route: Route }) {
  const language = useLanguage();
  const { server, rights } = useSession();
  const answer = useAnswer<Items<DeadLetterGroup>>('dead-letters');
  const [order, setOrder] = useState<Order>();
  const mayAct = rights.includes('act');
  const act = (verb: Order['verb'], filter: Filter) =>
    setOrder({
      verb,
      preview: async () => {
        const { count } = await server.get<{ count: number }>('dead-letters/count', filter);
        return count;
      },
      step: (why, cursor) => server.post(`dead-letters/${verb}`, { ...why, filter, cursor }),
    });
  const buttons = (filter: Filter) => (
    <span class="buttons">
      <button type="button" onClick={() => act('replay', filter)}>
        {language.say('act.replay')}…
      </button>
      <button type="button" class="danger" onClick={() => act('discard', filter)}>
        {language.say('act.discard')}…
      </button>
    </span>
  );
  const { query } = route;
  const isFiltered = Object.keys(query).length > 0;
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.dead-letters')}</h1>
        <Freshness answer={answer} />
      </div>
      <p>{language.say('dead-letters.hint')}</p>
      <Loaded answer={answer}>
        {({ items }) => (
          <>
            <Table
              caption={language.say('page.dead-letters')}
              rows={items}
              keyOf={({ listener, error }) => JSON.stringify([listener, error])}
              empty={language.say('dead-letters.empty')}
              columns={[
                {
                  name: language.say('filter.listener'),
                  cell: ({ listener }) => <Text of={listener} />,
                },
                {
                  name: language.say('column.error'),
                  cell: ({ error, newestId }) => (
                    <>
                      <Text of={error} />
                      <small>
                        <a href={linkTo('callbacks', {}, newestId)}>
                          {language.say('dead-letters.newest')}
                        </a>
                      </small>
                    </>
                  ),
                },
                {
                  name: language.say('column.count'),
                  isNumber: true,
                  cell: ({ count }) => language.number(count),
                },
                {
                  name: language.say('column.oldest'),
                  cell: ({ oldestAt }) => <Age at={oldestAt} />,
                },
                {
                  name: language.say('column.newest'),
                  cell: ({ newestAt }) => <Age at={newestAt} />,
                },
                ...(mayAct
                  ? [
                      {
                        name: language.say('column.actions'),
                        cell: ({ listener, error }: DeadLetterGroup) =>
                          buttons({ listener, error }),
                      },
                    ]
                  : []),
              ]}
            />
            {mayAct && items.length > 0 && (
              <section>
                <h2>{language.say('dead-letters.by-filter')}</h2>
                <FilterForm
                  key={JSON.stringify(query)}
                  page="dead-letters"
                  fields={fieldsOf(language, items)}
                  query={query}
                />
                {isFiltered ? (
                  buttons(query)
                ) : (
                  <p class="none">{language.say('dead-letters.filter-first')}</p>
                )}
              </section>
            )}
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

function fieldsOf(language: Language, items: readonly DeadLetterGroup[]): Field[] {
  const listeners = [...new Set(items.map(({ listener }) => listener))].toSorted();
  return [
    { name: 'listener', values: listeners.map((id) => [id, id] as const) },
    { name: 'kind', values: KINDS.map((kind) => [kind, language.say(`kind.${kind}`)] as const) },
    { name: 'domain' },
    { name: 'path' },
    { name: 'stream' },
    { name: 'from', type: 'time' },
    { name: 'to', type: 'time' },
  ];
}
