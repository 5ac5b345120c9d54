import { useState } from 'preact/hooks';

import { Freshness, Loaded } from '../components/answer.js';
import { CompareDialog } from '../components/compare-dialog.js';
import { outcomeOf } from '../cycle-outcome.js';
import { Table } from '../components/table.js';
import { Text } from '../components/text.js';
import { Age, Moment } from '../components/time.js';
import { useLanguage, type TextKey } from '../language.js';
import { linkTo } from '../route.js';
import type { ComparisonOverview } from '../shapes.js';
import { useAnswer, useSession } from '../use-answer.js';

/** What was missed and brought in, how far that has got, and what it costs; or how to have it done. */
export function ReconciliationPage() {
  const language = useLanguage();
  const { hasReconciliation } = useSession();
  if (hasReconciliation !== false) return <Reconciliation isKnown={hasReconciliation === true} />;
  return (
    <>
      <h1>{language.say('page.reconciliation')}</h1>
      <div class="empty">
        <p>{language.say('reconciliation.off')}</p>
        <p>
          <code>
            {"LiveCallbackReconciliationModule.register({ domains: ['…'], credentials })"}
          </code>
        </p>
      </div>
    </>
  );
}

function Reconciliation({ isKnown }: { isKnown: boolean }) {
  const language = useLanguage();
  const { rights } = useSession();
  const answer = useAnswer<ComparisonOverview>(isKnown ? 'reconciliation' : null);
  const [isAsked, setAsked] = useState(false);
  return (
    <>
      <div class="heading">
        <h1>{language.say('page.reconciliation')}</h1>
        <Freshness answer={answer} />
      </div>
      <p>{language.say('reconciliation.hint')}</p>
      <Loaded answer={answer}>
        {(overview) => (
          <>
            <Facts overview={overview} />
            {rights.includes('act') && (
              <p class="buttons">
                <button type="button" class="primary" onClick={() => setAsked(true)}>
                  {language.say('reconciliation.run')}…
                </button>
              </p>
            )}
            <Repairs overview={overview} />
            <Suspects suspects={overview.suspects} />
            <Cycles cycles={overview.cycles} />
            <Calls calls={overview.calls} />
          </>
        )}
      </Loaded>
      {isAsked && (
        <CompareDialog
          onClose={(isDone) => {
            setAsked(false);
            if (isDone) answer.reload();
          }}
        />
      )}
    </>
  );
}

type Part = { readonly overview: ComparisonOverview };

function Facts({ overview }: Part) {
  const language = useLanguage();
  const who = overview.isLeader ? 'this' : overview.hasLeader ? 'another' : 'nobody';
  const seconds = (value: number) => language.duration(value * 1_000);
  const facts = [
    ['reconciliation.who', language.say(`reconciliation.who.${who}`)],
    [
      'reconciliation.watermark',
      <>
        <Moment at={overview.watermarkAt} />
        {overview.watermarkAt && (
          <small>
            <Age at={overview.watermarkAt} />
          </small>
        )}
      </>,
    ],
    ['filter.state', <Caught key="state" overview={overview} />],
    ['reconciliation.delay', seconds(overview.listDelaySeconds)],
    ['reconciliation.settle', seconds(overview.settleSeconds)],
    ['reconciliation.patience', seconds(overview.patienceSeconds)],
    ['filter.domain', <Text key="domains" of={overview.domains.join(', ')} />],
    [
      'filter.path',
      <Text key="paths" of={overview.paths?.join(', ')} none={language.say('filter.any')} />,
    ],
    ['reconciliation.edition', language.say(`reconciliation.${overview.edition}` as TextKey)],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{language.say(name)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Only whoever compares knows. */
function Caught({ overview: { isLeader, isCaughtUp } }: Part) {
  const language = useLanguage();
  if (!isLeader) return <span class="none">–</span>;
  return (
    <span class={`state ${isCaughtUp ? 'state-done' : 'state-quarantined'}`}>
      <span aria-hidden="true">{isCaughtUp ? '●' : '◔'}</span>{' '}
      {language.say(isCaughtUp ? 'reconciliation.caught-up' : 'reconciliation.behind')}
    </span>
  );
}

function Repairs({ overview: { repairs, corrections } }: Part) {
  const language = useLanguage();
  const counts = Object.entries(corrections).map(([key, count]) => {
    const [what = '', source = ''] = key.split(' ');
    return { what, source, count };
  });
  const whatOf = (what: string) => language.say(`reconciliation.missed.${what}` as TextKey);
  const sourceOf = (source: string) => language.sayIfKnown(`evidence.${source}`) ?? source;
  return (
    <section>
      <h2>{language.say('reconciliation.repairs')}</h2>
      <p class="none">
        {counts.map(({ what, source, count }, at) => (
          <span key={`${what} ${source}`}>
            {at > 0 && ' · '}
            {whatOf(what)}, {sourceOf(source)}: {language.number(count)}
          </span>
        ))}
      </p>
      <Table
        caption={language.say('reconciliation.repairs')}
        rows={repairs.map((repair, at) => ({ ...repair, key: repairs.length - at }))}
        keyOf={({ key }) => String(key)}
        empty={language.say('reconciliation.no-repairs')}
        columns={[
          { name: language.say('column.when'), cell: ({ at }) => <Age at={at} /> },
          { name: language.say('column.missed'), cell: ({ what }) => whatOf(what) },
          { name: language.say('column.known'), cell: ({ source }) => sourceOf(source) },
          {
            name: language.say('filter.stream'),
            cell: ({ stream }) => (
              <a href={linkTo('callbacks', { stream })}>
                <Text of={stream} />
              </a>
            ),
          },
        ]}
      />
    </section>
  );
}

function Suspects({ suspects }: Pick<ComparisonOverview, 'suspects'>) {
  const language = useLanguage();
  return (
    <section>
      <h2>{language.say('reconciliation.suspects')}</h2>
      <p class="none">{language.say('reconciliation.suspects.hint')}</p>
      <Table
        caption={language.say('reconciliation.suspects')}
        rows={suspects}
        keyOf={({ sessionId, startedAt }) => `${sessionId} ${startedAt}`}
        empty={language.say('reconciliation.no-suspects')}
        columns={[
          {
            name: language.say('filter.stream'),
            cell: ({ sessionId, domain, path, name }) => (
              <>
                <a href={linkTo('live', {}, sessionId)}>
                  <Text of={name} />
                </a>
                <small>
                  <Text of={`${domain}/${path}`} />
                </small>
              </>
            ),
          },
          { name: language.say('live.since'), cell: ({ startedAt }) => <Moment at={startedAt} /> },
          {
            name: language.say('column.missing-since'),
            cell: ({ missingSince }) => <Age at={missingSince} />,
          },
          {
            name: language.say('column.lists'),
            isNumber: true,
            cell: ({ lists }) => language.number(lists),
          },
        ]}
      />
    </section>
  );
}

function Cycles({ cycles }: Pick<ComparisonOverview, 'cycles'>) {
  const language = useLanguage();
  return (
    <section>
      <h2>{language.say('reconciliation.cycles')}</h2>
      <Table
        caption={language.say('reconciliation.cycles')}
        rows={cycles}
        keyOf={({ at }) => at}
        empty={language.say('reconciliation.no-cycles')}
        columns={[
          { name: language.say('column.when'), cell: ({ at }) => <Age at={at} /> },
          {
            name: language.say('column.took'),
            isNumber: true,
            cell: ({ tookMs }) => language.duration(tookMs),
          },
          {
            name: language.say('column.result'),
            cell: (cycle) => (
              <>
                <span class={outcomeOf(cycle) === 'partly' ? 'state state-quarantined' : 'state'}>
                  {language.say(`reconciliation.cycle.${outcomeOf(cycle)}`)}
                </span>
                {cycle.failures.map((failure) => (
                  <small key={failure}>
                    <Text of={failure} />
                  </small>
                ))}
              </>
            ),
          },
          {
            name: language.say('column.corrections'),
            isNumber: true,
            cell: ({ corrections }) => language.number(corrections),
          },
        ]}
      />
    </section>
  );
}

function Calls({ calls }: Pick<ComparisonOverview, 'calls'>) {
  const language = useLanguage();
  return (
    <section>
      <h2>{language.say('reconciliation.calls')}</h2>
      <Table
        caption={language.say('reconciliation.calls')}
        rows={calls}
        keyOf={({ action }) => action}
        empty=""
        columns={[
          { name: language.say('column.question'), cell: ({ action }) => <code>{action}</code> },
          {
            name: language.say('column.most'),
            isNumber: true,
            cell: ({ perSecond }) => language.number(perSecond),
          },
          {
            name: language.say('column.answered'),
            isNumber: true,
            cell: ({ outcomes }) => language.number(outcomes['ok'] ?? 0),
          },
          {
            name: language.say('column.failed'),
            cell: ({ outcomes }) => {
              const failed = Object.entries(outcomes).filter(([outcome]) => outcome !== 'ok');
              return (
                <Text of={failed.map(([outcome, count]) => `${outcome}: ${count}`).join(', ')} />
              );
            },
          },
        ]}
      />
    </section>
  );
}
