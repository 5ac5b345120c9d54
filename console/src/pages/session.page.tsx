import { Freshness, Loaded } from '../components/answer.js';
import { LastPicture } from '../components/last-picture.js';
import { Meanings } from '../components/meanings.js';
import { State } from '../components/state.js';
import { Table } from '../components/table.js';
import { Text } from '../components/text.js';
import { Moment, useNow } from '../components/time.js';
import { Timeline } from '../components/timeline.js';
import { useLanguage } from '../language.js';
import { linkTo, type Route } from '../route.js';
import type { PushView, SessionDetail } from '../shapes.js';
import { useAnswer } from '../use-answer.js';

/** One session: its pushes and what belongs to them, on one line of time. */
export function SessionPage({ route }: { route: Route }) {
  const language = useLanguage();
  const answer = useAnswer<SessionDetail>(`sessions/${encodeURIComponent(route.item ?? '')}`);
  return (
    <>
      <div class="heading">
        <h1>{language.say('session.title')}</h1>
        <Freshness answer={answer} />
      </div>
      <p>
        <a href={linkTo('live')}>{language.say('session.all')}</a>
      </p>
      <Loaded answer={answer}>{(session) => <Session session={session} />}</Loaded>
    </>
  );
}

function Session({ session }: { session: SessionDetail }) {
  const language = useLanguage();
  const now = useNow(5_000);
  const { stream, endReason } = session;
  return (
    <>
      <Facts session={session} />
      {endReason && <Meanings kind="stream-interrupt" data={endReason} />}
      <Timeline session={session} now={now} />
      <p class="buttons">
        <a
          href={linkTo('callbacks', {
            stream: stream.name ?? undefined,
            domain: stream.domain ?? undefined,
            path: stream.path ?? undefined,
          })}
        >
          {language.say('session.callbacks')}
        </a>
        <LastPicture stream={stream} />
      </p>
      <section>
        <h2>{language.say('session.pushes')}</h2>
        <Table<PushView>
          caption={language.say('session.pushes')}
          rows={session.pushes}
          keyOf={({ sequence }) => sequence}
          empty="–"
          columns={[
            { name: 'sequence', cell: ({ sequence }) => <Text of={sequence} /> },
            {
              name: language.say('live.since'),
              cell: ({ startedAt, startedBy }) => (
                <>
                  <Moment at={startedAt} />
                  <small>{language.sayIfKnown(`evidence.${startedBy}`) ?? startedBy}</small>
                </>
              ),
            },
            {
              name: language.say('column.ended'),
              cell: ({ endedAt, endedBy }) => (
                <>
                  <Moment at={endedAt} />
                  {endedBy && (
                    <small>{language.sayIfKnown(`evidence.${endedBy}`) ?? endedBy}</small>
                  )}
                </>
              ),
            },
            {
              name: 'errcode',
              isNumber: true,
              cell: ({ endReason: reason }) => reason?.errcode ?? '–',
            },
            { name: language.say('session.pusher'), cell: ({ userIp }) => <Text of={userIp} /> },
            { name: language.say('session.node'), cell: ({ node }) => <Text of={node} /> },
          ]}
        />
      </section>
    </>
  );
}

function Facts({ session }: { session: SessionDetail }) {
  const language = useLanguage();
  const { stream, totals } = session;
  const hits = Object.entries(totals.moderation).map(([verdict, count]) => `${verdict} ${count}`);
  const facts = [
    [language.say('filter.stream'), <Text key="name" of={stream.name} />],
    [language.say('filter.state'), <State key="state" of={session.state} />],
    [
      language.say('callback.place'),
      <Text key="place" of={[stream.domain, stream.path].filter(Boolean).join(' / ')} />,
    ],
    [language.say('live.since'), <Moment key="since" at={session.startedAt} />],
    [language.say('column.ended'), <Moment key="ended" at={session.endedAt} />],
    [language.say('live.uptime'), language.duration(session.uptimeMs)],
    [language.say('live.reconnects'), language.number(session.reconnects)],
    [language.say('session.gaps'), language.duration(session.gapMs)],
    [
      language.say('session.recordings'),
      `${language.number(totals.recordings.files)} · ${language.duration(totals.recordings.seconds * 1_000)}`,
    ],
    [language.say('session.screenshots'), language.number(totals.screenshots.count)],
    [language.say('session.moderation'), <Text key="hits" of={hits.join(', ')} />],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
