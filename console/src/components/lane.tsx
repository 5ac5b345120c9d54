import type { ComponentChildren } from 'preact';

/** Of every lane, in units of its own. */
export const WIDTH = 1_000;
const HEIGHT = 26;

interface LaneProps {
  readonly name: ComponentChildren;
  /** What it says, for those who do not see it. */
  readonly label: string;
  readonly children: ComponentChildren;
}

/** One line of a timeline. */
export function Lane({ name, label, children }: LaneProps) {
  return (
    <div>
      <span>{name}</span>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <line class="axis" x1={0} x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        {children}
      </svg>
    </div>
  );
}
