import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { useLanguage } from '../language.js';

/** A line of a chart. */
export interface Series {
  readonly name: string;
  /** Name of a colour of the style sheet. */
  readonly color: 'good' | 'bad' | 'warn';
  readonly values: readonly number[];
}

export interface ChartProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Times of the values, Unix s. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

const HEIGHT = 140;

/** Columns over time. Loaded with its library where a page has one. */
export function Chart({ label, times, series }: ChartProps) {
  const language = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const key = JSON.stringify([times, series]);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    let plot = draw(element);
    const redraw = () => {
      plot.destroy();
      plot = draw(element);
    };
    const watch = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    watch.observe(element);
    addEventListener('themechange', redraw);
    return () => {
      watch.disconnect();
      removeEventListener('themechange', redraw);
      plot.destroy();
    };
  }, [key, language]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;

  function draw(element: HTMLDivElement): uPlot {
    const colors = getComputedStyle(element);
    const colorOf = (name: string) => colors.getPropertyValue(`--${name}`).trim();
    const axis = {
      stroke: colorOf('muted'),
      grid: { stroke: colorOf('line'), width: 1 },
      ticks: { stroke: colorOf('line'), width: 1 },
      font: '11px system-ui, sans-serif',
    };
    const bars = uPlot.paths.bars?.({ size: [0.8, 40] });
    return new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max)] } },
        axes: [
          {
            ...axis,
            size: 26,
            values: (_plot, ticks) => ticks.map((tick) => hour(tick)),
          },
          {
            ...axis,
            size: 44,
            values: (_plot, ticks) =>
              ticks.map((it) => (Number.isInteger(it) ? language.number(it) : '')),
          },
        ],
        series: [
          {},
          ...series.map(({ name, color }) => ({
            label: name,
            width: 0,
            fill: colorOf(color),
            points: { show: false },
            ...(bars ? { paths: bars } : {}),
          })),
        ],
      },
      [[...times], ...stacked(series)],
      element,
    );
  }
}

/** Each on top of those before it: drawn from the highest down, the lower ones stay in sight. */
function stacked(series: readonly Series[]): number[][] {
  const sums: number[][] = [];
  for (const { values } of series.toReversed()) {
    const below = sums.at(-1);
    sums.push(values.map((value, at) => value + (below?.[at] ?? 0)));
  }
  return sums.toReversed();
}

function hour(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}
