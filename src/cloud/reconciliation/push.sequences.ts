import { SAME_MS } from '../../events/push-beginning.js';
import type { CloudReader } from '../reading/cloud.reader.js';
import type { CloudStream } from '../reading/cloud.rows.js';
import type { ReconciliationConfig } from './reconciliation.options.js';

/** Samples are kept no longer. */
const KEPT_MS = 7 * 24 * 3_600_000;
/** The first of them come within it. */
const FIRST_SAMPLES_MS = 10 * 60_000;

/** Finds the sequence of a push of which lists tell, that have none, in what was sampled of it. */
export class PushSequences {
  constructor(
    private readonly reader: CloudReader,
    private readonly config: ReconciliationConfig,
    private readonly now: () => number,
  ) {}

  /**
   * @returns null where it is not to be asked for, nothing was sampled, or two pushes began in one moment
   * @throws CloudApiError, CloudAnswerError
   */
  async of({ domain, path, name }: CloudStream, startedAt: number): Promise<string | null> {
    const { pushSamples, clockMarginMs } = this.config;
    const now = this.now();
    const from = startedAt - SAME_MS;
    const to = Math.min(startedAt + FIRST_SAMPLES_MS, now - clockMarginMs);
    if (!pushSamples || from <= now - KEPT_MS || to <= from) return null;
    const samples = await this.reader.samples({ domain, path, name }, { from, to });
    const near = samples.filter((one) => Math.abs(one.startedAt - startedAt) <= SAME_MS);
    const [sequence = null, ...others] = new Set(near.map((one) => one.sequence));
    return others.length > 0 ? null : sequence;
  }
}
