import { useState } from 'preact/hooks';

import { useLanguage } from '../language.js';
import { linkTo } from '../route.js';
import type { CallbackDetail, CallbackRow, Items } from '../shapes.js';
import { useAnswer } from '../use-answer.js';
import { differences } from './differences.js';
import { Table } from './table.js';
import { Text } from './text.js';

/**
 * Other callbacks that say to be the same event, and in what they differ: CSS signs no body, so one of them
 * may be forged.
 */
export function Variants({ callback }: { callback: CallbackDetail }) {
  const language = useLanguage();
  const answer = useAnswer<Items<CallbackRow>>(
    `callbacks/${encodeURIComponent(callback.id)}/variants`,
  );
  const [chosen, setChosen] = useState<string>();
  const items = answer.data?.items ?? [];
  if (items.length === 0) return null;
  const other = chosen ?? items[0]?.id ?? '';
  return (
    <section>
      <h2>{language.say('variants.title', { count: items.length })}</h2>
      <p>{language.say('variants.hint')}</p>
      <p class="buttons">
        <label>
          {language.say('variants.compare')}{' '}
          <select value={other} onChange={(event) => setChosen(event.currentTarget.value)}>
            {items.map(({ id, receivedAt }) => (
              <option key={id} value={id}>
                {language.moment(receivedAt)} · {id.slice(-12)}
              </option>
            ))}
          </select>
        </label>
        <a href={linkTo('callbacks', {}, other)}>{language.say('variants.open')}</a>
      </p>
      <Comparison one={callback} otherId={other} />
    </section>
  );
}

function Comparison({ one, otherId }: { one: CallbackDetail; otherId: string }) {
  const language = useLanguage();
  const { data: other } = useAnswer<CallbackDetail>(`callbacks/${encodeURIComponent(otherId)}`);
  if (!other) return null;
  return (
    <Table
      caption={language.say('variants.differences')}
      rows={differences(one.data, other.data)}
      keyOf={({ name }) => name}
      empty={language.say('variants.same')}
      columns={[
        { name: language.say('variants.field'), cell: ({ name }) => <Text of={name} /> },
        {
          name: language.say('variants.this'),
          cell: (row) => <Text of={row.one} />,
        },
        {
          name: language.moment(other.receivedAt),
          cell: (row) => <Text of={row.other} />,
        },
      ]}
    />
  );
}
