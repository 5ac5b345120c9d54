import { useLanguage, type TextKey } from '../language.js';
import type { StreamDelivery } from '../shapes.js';
import { Lane, WIDTH } from './lane.js';
import { Text, visible } from './text.js';

/** Where a mark stands in its lane, so that outcomes differ not by colour alone. */
const PLACES = {
  done: [8, 10],
  pending: [11, 4],
  dead: [2, 22],
  discarded: [18, 6],
  superseded: [14, 4],
} as const;
const STATES = ['done', 'pending', 'dead', 'discarded', 'superseded'] as const;
const NARROWEST = 6;

interface DeliveryLanesProps {
  readonly deliveries: readonly StreamDelivery[];
  /** Where a moment stands. */
  readonly x: (at: number) => number;
  readonly now: number;
}

/** When each listener ran, and what came of it: a lane per listener. */
export function DeliveryLanes({ deliveries, x, now }: DeliveryLanesProps) {
  const language = useLanguage();
  const listeners = [...new Set(deliveries.map(({ listener }) => listener))].toSorted();
  if (listeners.length === 0) return null;
  return (
    <>
      <p class="legend">
        {language.say('callback.deliveries')}:
        {STATES.map((state) => (
          <span key={state} class="key">
            <svg class="swatch" viewBox="0 0 6 26" preserveAspectRatio="none" aria-hidden="true">
              <Mark state={state} at={0} width={6} />
            </svg>
            {language.say(`state.${state}` as TextKey)}
          </span>
        ))}
      </p>
      {listeners.map((listener) => {
        const own = deliveries.filter((delivery) => delivery.listener === listener);
        return (
          <Lane key={listener} name={<Text of={listener} />} label={labelOf(listener, own)}>
            {own.map(({ callbackId, state, durationMs, receivedAt, finishedAt }) => {
              const until = finishedAt === null ? now : Date.parse(finishedAt);
              const from = finishedAt === null ? Date.parse(receivedAt) : until - (durationMs ?? 0);
              const width = Math.max(NARROWEST, x(until) - x(from));
              const at = Math.min(x(from), WIDTH - NARROWEST);
              return <Mark key={callbackId} state={state} at={at} width={width} />;
            })}
          </Lane>
        );
      })}
    </>
  );

  function labelOf(listener: string, own: readonly StreamDelivery[]): string {
    const counts = STATES.map((state) => ({
      state,
      count: own.filter((delivery) => delivery.state === state).length,
    }));
    const said = counts
      .filter(({ count }) => count > 0)
      .map(({ state, count }) => `${language.say(`state.${state}` as TextKey)} ${count}`);
    return `${visible(listener)}: ${said.join(', ')}`;
  }
}

function Mark({ state, at, width }: { state: StreamDelivery['state']; at: number; width: number }) {
  const [y, height] = PLACES[state];
  return <rect class={`runs runs-${state}`} x={at} y={y} width={width} height={height} />;
}
