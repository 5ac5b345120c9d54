/** The process that sends: apart from the servers, so that its CPU time is not theirs. */
import { serve } from '../contenders/child.js';
import type { LoadOrder } from './load.order.js';
import { LoadRun } from './load.run.js';

serve(0, { load: (order: LoadOrder) => new LoadRun(order).run() });
