/** A small column per value, what is bad on top of it in another colour. */
export function Sparkline({
  label,
  values,
  bad,
}: {
  label: string;
  values: readonly number[];
  bad: readonly number[];
}) {
  const most = Math.max(1, ...values.map((value, at) => value + (bad[at] ?? 0)));
  const height = (value: number) => (value / most) * 20;
  return (
    <svg class="sparkline" viewBox={`0 0 ${values.length * 3} 20`} role="img" aria-label={label}>
      {values.map((value, at) => {
        const good = height(value);
        const worse = height(bad[at] ?? 0);
        return (
          // What it is a column of is its place.
          // oxlint-disable-next-line react/no-array-index-key
          <g key={at}>
            <rect class="good" x={at * 3} y={20 - good} width={2} height={good} />
            <rect class="bad" x={at * 3} y={20 - good - worse} width={2} height={worse} />
          </g>
        );
      })}
    </svg>
  );
}
