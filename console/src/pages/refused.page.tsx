import { useMemo } from 'preact/hooks';

import { Freshness, Loaded } from '../components/answer.js';
import { FilterForm } from '../components/filter-form.js';
import { Table } from '../components/table.js';
import { Text } from '../components/text.js';
import { Age } from '../components/time.js';
import { useLanguage } from '../language.js';
import type { Route } from '../route.js';
import type { Items, RefusalGroup } from '../shapes.js';
import { useAnswer } from '../use-answer.js';

const PERIODS = ['hour', 'day', 'week'] as const;
const LENGTH_MS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 };

/** A refused request with the beginning of its body. */
interface Rejection extends RefusalGroup {
  readonly excerpt: string | null;
}

/** What was refused and why, from where, and what to do about it. */
export function RefusedPage({ route }: { route: Route }) {
  const language = useLanguage();
  const period = PERIODS.find((it) => it === route.query['period']) ?? 'day';
  // Begins where it was when the page was opened, so that asking again asks the same.
  const from = useMemo(() => new Date(Date.now() - LENGTH_MS[period]).toISOString(), [period]);
  const answer = useAnswer<Items<RefusalGroup>>('refusals', { from });
  const latest = useAnswer<Items<Rejection>>('rejections', { limit: '20' });
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.refused')}</h1>
        <Freshness answer={answer} />
      </div>
      <p>{language.say('refused.hint')}</p>
      <FilterForm
        key={period}
        page="refused"
        query={{ period }}
        fields={[
          {
            name: 'period',
            values: PERIODS.map((it) => [it, language.say(`period.${it}`)] as const),
          },
        ]}
      />
      <Loaded answer={answer}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="empty">{language.say('refused.empty')}</p>
          ) : (
            reasonsOf(items).map(([reason, groups]) => (
              <Reason key={reason} reason={reason} groups={groups} />
            ))
          )
        }
      </Loaded>
      {latest.data && latest.data.items.length > 0 && <Latest items={latest.data.items} />}
    </>
  );
}

function Reason({ reason, groups }: { reason: string; groups: readonly RefusalGroup[] }) {
  const language = useLanguage();
  return (
    <section class="reason">
      <h2>
        <code>
          <Text of={reason} />
        </code>{' '}
        <span class="badge badge-dead-letters">{language.number(total(groups))}</span>
      </h2>
      <p>{language.sayIfKnown(`refused.${reason}`) ?? language.say('refused.other')}</p>
      <Table
        caption={reason}
        rows={groups}
        keyOf={({ remoteAddress }) => remoteAddress ?? ''}
        empty=""
        columns={[
          {
            name: language.say('column.address'),
            cell: ({ remoteAddress }) => (
              <Text of={remoteAddress} none={language.say('refused.many')} />
            ),
          },
          {
            name: language.say('column.count'),
            isNumber: true,
            cell: (group) => language.number(group.count),
          },
          { name: language.say('column.first'), cell: ({ firstAt }) => <Age at={firstAt} /> },
          { name: language.say('column.last'), cell: ({ lastAt }) => <Age at={lastAt} /> },
        ]}
      />
    </section>
  );
}

function Latest({ items }: { items: readonly Rejection[] }) {
  const language = useLanguage();
  return (
    <section>
      <h2>{language.say('refused.latest')}</h2>
      <Table
        caption={language.say('refused.latest')}
        rows={items}
        keyOf={({ reason, remoteAddress, firstAt }) =>
          JSON.stringify([reason, remoteAddress, firstAt])
        }
        empty=""
        columns={[
          { name: language.say('column.last'), cell: ({ lastAt }) => <Age at={lastAt} /> },
          { name: language.say('column.reason'), cell: ({ reason }) => <Text of={reason} /> },
          {
            name: language.say('column.address'),
            cell: ({ remoteAddress }) => (
              <Text of={remoteAddress} none={language.say('refused.many')} />
            ),
          },
          {
            name: language.say('column.excerpt'),
            cell: ({ excerpt }) => (
              <code class="excerpt">
                <Text of={excerpt} />
              </code>
            ),
          },
        ]}
      />
    </section>
  );
}

function total(groups: readonly RefusalGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** The groups of each reason, the most frequent reason first. */
function reasonsOf(items: readonly RefusalGroup[]): [string, RefusalGroup[]][] {
  const reasons = new Map<string, RefusalGroup[]>();
  for (const group of items) {
    reasons.set(group.reason, [...(reasons.get(group.reason) ?? []), group]);
  }
  return [...reasons].toSorted(([, a], [, b]) => total(b) - total(a));
}
