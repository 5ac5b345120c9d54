import type { CloudReader, Stretch } from '../reading/cloud.reader.js';
import type { CloudStream } from '../reading/cloud.rows.js';
import { attemptEach } from './attempts.js';
import type { Corrections } from './corrections.js';
import { keyOf } from './known.pushes.js';
import type { RecordIntake } from './record.intake.js';
import type { ReconciliationConfig } from './reconciliation.options.js';

/** Streams whose records one cycle asks for: the lists have to be read meanwhile. */
const STREAMS_OF_A_CYCLE = 100;
/** CSS tries for so long to deliver a callback, so that those of before were lost too, ms. */
const PATIENCE_MS = 16 * 60_000;

/** What a pass over a gap works with. */
export interface GapParts {
  readonly reader: CloudReader;
  /** Null where the cloud has no callback records, or they are not to be asked for. */
  readonly records: RecordIntake | null;
  readonly corrections: Corrections;
  readonly config: ReconciliationConfig;
  readonly now: () => number;
}

/**
 * Makes up for a time in which the application stood still: of every stream that was live in it, takes in all
 * callbacks that the records hold, those of recordings and screenshots too, whose loss nothing else would show.
 */
export class GapPass {
  /** Streams that are done, of the gap that begins so. */
  private readonly done = new Set<string>();
  private from: number | undefined;

  constructor(private readonly parts: GapParts) {}

  /**
   * @param from Unix milliseconds
   * @returns whether all of it is made up for
   * @throws CloudApiError, CloudAnswerError, and the database's error; what was found before counts
   */
  async run(from: number): Promise<boolean> {
    const { records, corrections, config, now } = this.parts;
    if (!records) return true;
    if (this.from !== from) this.done.clear();
    this.from = from;
    const stretch = { from: from - PATIENCE_MS, to: now() - config.clockMarginMs };
    const streams = (await this.streamsOf(stretch)).filter((one) => !this.done.has(keyOf(one)));
    await attemptEach(streams.slice(0, STREAMS_OF_A_CYCLE), async (stream) => {
      corrections.taken(stream, await records.takeAll(stream, stretch));
      this.done.add(keyOf(stream));
    });
    return streams.length <= STREAMS_OF_A_CYCLE;
  }

  private async streamsOf(stretch: Stretch): Promise<CloudStream[]> {
    const { reader, config } = this.parts;
    const streams = new Map<string, CloudStream>();
    for (const domain of config.domains) {
      const ended = await reader.ended(domain, stretch);
      for (const path of config.paths ?? [undefined]) {
        for (const one of [...ended, ...(await reader.online(domain, path))]) {
          if (config.paths?.includes(one.path) ?? true) streams.set(keyOf(one), one);
        }
      }
    }
    return [...streams.values()];
  }
}
