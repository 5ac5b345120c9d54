import { useLanguage, type TextKey } from '../language.js';
import type { CallbackRow, Items, SessionDetail, StreamDelivery } from '../shapes.js';
import { useAnswer } from '../use-answer.js';
import { DeliveryLanes } from './delivery-lanes.js';
import { Lane, WIDTH } from './lane.js';

/** Lanes below that of the pushes, and the kinds that stand in each. */
const LANES: readonly (readonly [name: string, kinds: readonly string[]])[] = [
  ['recordings', ['record-file', 'record-status']],
  ['screenshots', ['screenshot']],
  ['moderation', ['image-audit', 'audio-audit']],
  ['errors', ['push-error', 'record-exception']],
];
/** What comes after the end of a session, such as its recording. */
const AFTER_MS = 15 * 60_000;

/** A session as one line of time; a push whose time follows from others is hatched. */
export function Timeline({ session, now }: { session: SessionDetail; now: number }) {
  const language = useLanguage();
  const begin = Date.parse(session.startedAt);
  const over = session.endedAt === null ? now : Date.parse(session.endedAt);
  const { stream } = session;
  const filter = {
    stream: stream.name ?? undefined,
    domain: stream.domain ?? undefined,
    path: stream.path ?? undefined,
    from: session.startedAt,
    to: session.endedAt === null ? undefined : new Date(over + AFTER_MS).toISOString(),
    limit: '500',
  };
  const { data } = useAnswer<Items<CallbackRow>>('callbacks', filter);
  const deliveries = useAnswer<Items<StreamDelivery>>('deliveries', filter).data?.items ?? [];
  const marks = (data?.items ?? []).map(({ id, kind, occurredAt, receivedAt }) => ({
    id,
    kind,
    at: Date.parse(occurredAt ?? receivedAt),
  }));
  const ends = deliveries.map(({ finishedAt }) => (finishedAt ? Date.parse(finishedAt) : begin));
  const end = Math.max(over, begin + 1_000, ...marks.map(({ at }) => at), ...ends);
  const x = (at: number) => Math.min(WIDTH, Math.max(0, ((at - begin) / (end - begin)) * WIDTH));
  const laneOf = (kinds: readonly string[]) => marks.filter(({ kind }) => kinds.includes(kind));
  return (
    <figure class="timeline">
      <figcaption>
        {language.moment(session.startedAt)} – {language.moment(new Date(end))}
      </figcaption>
      <Lane
        name={language.say('session.pushes')}
        label={`${language.say('session.pushes')}: ${session.pushes.length}`}
      >
        <defs>
          <pattern id="hatched" width="8" height="8" patternUnits="userSpaceOnUse">
            <path class="hatch" d="M0 8 8 0" />
          </pattern>
        </defs>
        {session.pushes.map(({ sequence, startedAt, startedBy, endedAt }) => {
          const from = x(Date.parse(startedAt));
          const to = x(endedAt === null ? now : Date.parse(endedAt));
          return (
            <rect
              key={sequence}
              class={startedBy === 'callback' ? 'push' : 'push inferred'}
              x={from}
              y={5}
              width={Math.max(4, to - from)}
              height={16}
            />
          );
        })}
      </Lane>
      {LANES.map(([name, kinds]) => {
        const found = laneOf(kinds);
        const title = language.say(`session.${name}` as TextKey);
        return (
          <Lane key={name} name={title} label={`${title}: ${found.length}`}>
            {found.map(({ id, at }) => (
              <rect
                key={id}
                class={`mark mark-${name}`}
                x={x(at) - 3}
                y={5}
                width={6}
                height={16}
              />
            ))}
          </Lane>
        );
      })}
      <DeliveryLanes deliveries={deliveries} x={x} now={now} />
    </figure>
  );
}
