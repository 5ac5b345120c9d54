import { useEffect, useState } from 'preact/hooks';

import type { ChartProps, Chart } from './chart.js';

let loaded: typeof Chart | undefined;

async function load(): Promise<typeof Chart> {
  loaded ??= (await import('./chart.js')).Chart;
  return loaded;
}

/** A chart, whose library comes when there is one to draw. */
export function LazyChart(props: ChartProps) {
  const [Loaded, setLoaded] = useState<typeof Chart | undefined>(() => loaded);
  useEffect(() => {
    void load().then((chart) => setLoaded(() => chart));
  }, []);
  return Loaded ? <Loaded {...props} /> : <div class="chart" />;
}
