import { useLanguage } from '../language.js';
import type { DeliveryRow } from '../shapes.js';
import { Text } from './text.js';

interface WaterfallProps {
  readonly receivedAt: string;
  readonly deliveries: readonly DeliveryRow[];
  readonly now: number;
}

const WIDTH = 1_000;
const ROW = 22;

/** Where the time of each delivery went: waiting since receipt or replay, the latest attempt, the one to come. */
export function Waterfall({ receivedAt, deliveries, now }: WaterfallProps) {
  const language = useLanguage();
  const begin = Date.parse(receivedAt);
  const rows = deliveries.map((delivery) => spanOf(delivery, begin, now));
  const end = Math.max(begin + 1, ...rows.map(({ until }) => until));
  const x = (at: number) => ((Math.max(at, begin) - begin) / (end - begin)) * WIDTH;
  return (
    <div class="waterfall">
      {rows.map(({ delivery, from, runFrom, runUntil, next }) => (
        <div key={delivery.listener}>
          <span class="waterfall-name">
            <Text of={delivery.listener} />
          </span>
          <svg
            viewBox={`0 0 ${WIDTH} ${ROW}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={language.say('waterfall.label', {
              waited: language.duration(Math.max(0, runFrom - from)),
              took: language.duration(delivery.durationMs ?? 0),
              count: delivery.attempts,
            })}
          >
            <line class="axis" x1={0} x2={WIDTH} y1={ROW / 2} y2={ROW / 2} />
            <rect
              class="waits"
              x={x(from)}
              y={8}
              width={Math.max(0, x(runFrom) - x(from))}
              height={6}
            />
            <rect
              class={`runs runs-${delivery.state}`}
              x={Math.min(x(runFrom), WIDTH - 6)}
              y={3}
              width={Math.max(6, x(runUntil) - x(runFrom))}
              height={16}
            />
            {next !== undefined && (
              <rect class="next" x={Math.min(x(next), WIDTH - 4)} y={3} width={4} height={16} />
            )}
          </svg>
        </div>
      ))}
      <p class="legend">
        <span class="waits" /> {language.say('waterfall.waits')} <span class="runs" />{' '}
        {language.say('waterfall.runs')} <span class="next" /> {language.say('waterfall.next')} ·{' '}
        {language.say('waterfall.length', { length: language.duration(end - begin) })}
      </p>
    </div>
  );
}

function spanOf(delivery: DeliveryRow, begin: number, now: number) {
  const { replay, finishedAt, durationMs, nextAttemptAt, state } = delivery;
  const from = replay ? Date.parse(replay.at) : begin;
  // One that is over has no length when it was never run.
  const ended = finishedAt === null ? now : Date.parse(finishedAt);
  const runUntil = state === 'pending' ? Math.min(now, ended) : ended;
  const runFrom = state === 'pending' ? runUntil : Math.max(from, runUntil - (durationMs ?? 0));
  const next = nextAttemptAt === null ? undefined : Date.parse(nextAttemptAt);
  return { delivery, from, runFrom, runUntil, next, until: Math.max(runUntil, next ?? 0) };
}
