import { CloudAnswerError } from '../api/cloud-answer.error.js';
import { CloudApiError } from '../api/cloud-api.error.js';
import type { CloudApi } from '../api/cloud-api.js';
import { DOCUMENTED_RATES, type CloudEdition, type ReadAction } from '../api/edition.js';
import { AnswerRow } from './answer.row.js';
import { toCloudTime } from './cloud-time.js';
import {
  callbackRecordOf,
  endedPushOf,
  onlineStreamOf,
  pushSampleOf,
  runningPushesOf,
  type CallbackRecord,
  type CloudStream,
  type EndedPush,
  type OnlineStream,
  type PushSample,
  type RunningPush,
  type StreamState,
} from './cloud.rows.js';
import { readWhole, type PagedList } from './paged.read.js';
import { SYSTEM_PACE, TokenBucket, type Pace } from './token.bucket.js';

/** How a {@link CloudReader} asks. */
export interface CloudReaderOptions {
  readonly api: CloudApi;
  /** Default: `mainland`. */
  readonly edition?: CloudEdition;
  /** Part of the documented calls per second that may be used, above 0 to 1. Default: 0.1. */
  readonly rateShare?: number;
  /**
   * `PageSize` of the online list. The fewer pages, the less can move between them. Default: 20000, and in the
   * international edition 100, which is its most.
   */
  readonly onlinePageSize?: number;
  /** Of the list of backup streams, which asks for one. Default: `ap-guangzhou`. */
  readonly region?: string;
  /** Default: the time of the machine. */
  readonly pace?: Pace;
  /** Told of every call: `ok`, the code of the API or `NoAnswer`; and of a list that makes no sense: `Unusable`. */
  readonly onCall?: (action: ReadAction, outcome: string) => void;
}

/** A stretch of time, Unix milliseconds, both ends included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

const ONLINE_PAGE: Record<CloudEdition, number> = { mainland: 20_000, international: 100 };
const EVENT_PAGE = 100;
const EVENT_REACH = 10_000;
const RECORD_PAGE = 100;
const SECOND_MS = 1000;

/**
 * Asks the cloud what it knows of streams, never faster than a part of the documented rates. Lists are whole
 * or an error: nothing can be concluded from what is missing in a part.
 */
export class CloudReader {
  readonly edition: CloudEdition;
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(private readonly options: CloudReaderOptions) {
    const { edition = 'mainland', rateShare = 0.1, pace = SYSTEM_PACE } = options;
    this.edition = edition;
    for (const [action, rate] of Object.entries(DOCUMENTED_RATES[edition])) {
      this.buckets.set(action, new TokenBucket(rate * rateShare, pace));
    }
  }

  /** Whether the edition of the account has an action. */
  has(action: ReadAction): boolean {
    return this.buckets.has(action);
  }

  /**
   * Streams of a push domain that are live now.
   *
   * @param path of these only; where it is not given, of every path
   * @throws CloudApiError, CloudAnswerError
   */
  async online(domain: string, path?: string): Promise<OnlineStream[]> {
    const rows = await this.whole({
      action: 'DescribeLiveStreamOnlineList',
      parameters: { DomainName: domain, ...(path !== undefined && { AppName: path }) },
      pageSize: this.options.onlinePageSize ?? ONLINE_PAGE[this.edition],
      rows: 'OnlineInfo',
      keyOf: ({ fields }) => JSON.stringify([fields['AppName'], fields['StreamName']]),
    });
    return this.understood('DescribeLiveStreamOnlineList', (action) =>
      asked(action, (rows ?? []).map(onlineStreamOf), { domain, path }),
    );
  }

  /**
   * Pushes of the account that are live now. The mainland edition alone has this.
   *
   * @throws CloudApiError, CloudAnswerError
   */
  async running(): Promise<RunningPush[]> {
    const action = 'DescribeBackupStreamList';
    const answer = await this.ask(action, {}, this.options.region ?? 'ap-guangzhou');
    return this.understood(action, () => answer.rows('StreamInfoList').flatMap(runningPushesOf));
  }

  /**
   * Pushes of a domain that have ended within a stretch, or touch it: documents do not say which. A stretch
   * that holds more than can be read is read in halves.
   *
   * @param stream this one only
   * @throws CloudApiError, CloudAnswerError
   */
  async ended(domain: string, stretch: Stretch, stream?: CloudStream): Promise<EndedPush[]> {
    const { from, to } = stretch;
    const rows = await this.whole({
      action: 'DescribeLiveStreamEventList',
      parameters: {
        DomainName: domain,
        StartTime: toCloudTime(from),
        EndTime: toCloudTime(to),
        IsFilter: 1,
        IsAsc: 1,
        ...(stream && { AppName: stream.path, StreamName: stream.name, IsStrict: 1 }),
      },
      pageSize: EVENT_PAGE,
      rows: 'EventList',
      reach: EVENT_REACH,
    });
    if (rows) {
      return this.understood('DescribeLiveStreamEventList', (action) =>
        asked(
          action,
          rows.flatMap((row) => endedPushOf(row) ?? []),
          stream ?? { domain },
        ),
      );
    }
    if (to - from <= SECOND_MS) {
      throw new CloudAnswerError(
        'DescribeLiveStreamEventList',
        `holds more than ${EVENT_REACH} rows of one second`,
      );
    }
    const middle = from + Math.floor((to - from) / 2 / SECOND_MS) * SECOND_MS;
    const first = await this.ended(domain, { from, to: middle }, stream);
    return [...first, ...(await this.ended(domain, { from: middle, to }, stream))];
  }

  /** @throws CloudApiError, CloudAnswerError */
  async stateOf({ domain, path, name }: CloudStream): Promise<StreamState> {
    const action = 'DescribeLiveStreamState';
    const parameters = { DomainName: domain, AppName: path, StreamName: name };
    const answer = await this.ask(action, parameters);
    return this.understood(action, () => {
      const state = answer.text('StreamState');
      if (state === 'active' || state === 'inactive' || state === 'forbid') return state;
      throw new CloudAnswerError(action, 'says a state that is not known');
    });
  }

  /**
   * What was sampled of the pushes of a stream within a stretch of three hours at most, in the last seven days.
   *
   * @throws CloudApiError, CloudAnswerError
   */
  async samples({ domain, path, name }: CloudStream, { from, to }: Stretch): Promise<PushSample[]> {
    const action = 'DescribeStreamPushInfoList';
    const stream = { PushDomain: domain, AppName: path, StreamName: name };
    const stretch = { StartTime: toCloudTime(from), EndTime: toCloudTime(to) };
    const answer = await this.ask(action, { ...stream, ...stretch });
    return this.understood(action, () =>
      asked(action, answer.rows('DataInfoList').map(pushSampleOf), { domain, path, name }),
    );
  }

  /**
   * Callbacks of a stream name, of any domain and path, that CSS has tried to deliver within a stretch of a day
   * at most. The mainland edition alone has this.
   *
   * @throws CloudApiError, CloudAnswerError
   */
  async records(name: string, { from, to }: Stretch): Promise<CallbackRecord[]> {
    const rows = await this.whole({
      action: 'DescribeCallbackRecordsList',
      parameters: { StreamName: name, StartTime: toCloudTime(from), EndTime: toCloudTime(to) },
      pageSize: RECORD_PAGE,
      rows: 'DataInfoList',
    });
    return this.understood('DescribeCallbackRecordsList', () => (rows ?? []).map(callbackRecordOf));
  }

  private async whole(list: PagedList): Promise<AnswerRow[] | null> {
    try {
      return await readWhole((action, parameters) => this.ask(action, parameters), list);
    } catch (error) {
      if (error instanceof CloudAnswerError) this.options.onCall?.(list.action, 'Unusable');
      throw error;
    }
  }

  private understood<T>(action: ReadAction, read: (action: ReadAction) => T): T {
    try {
      return read(action);
    } catch (error) {
      this.options.onCall?.(action, 'Unusable');
      throw error;
    }
  }

  private async ask(action: ReadAction, parameters: object, region?: string): Promise<AnswerRow> {
    const bucket = this.buckets.get(action);
    if (!bucket) throw new CloudAnswerError(action, 'does not exist in this edition of the cloud');
    await bucket.take();
    try {
      const answer = await this.options.api.call(action, { ...parameters }, region);
      this.options.onCall?.(action, 'ok');
      return AnswerRow.of(action, answer);
    } catch (error) {
      if (error instanceof CloudApiError) {
        this.options.onCall?.(action, error.cloudCode ?? 'NoAnswer');
      }
      throw error;
    }
  }
}

/**
 * Rows, all of streams that were asked for: what is of another is perhaps of another registration, and says that
 * the question was not understood.
 *
 * @throws CloudAnswerError
 */
function asked<T extends CloudStream>(
  action: ReadAction,
  rows: T[],
  { domain, path, name }: { domain: string; path?: string | undefined; name?: string },
): T[] {
  const isAsked = (row: T) =>
    row.domain.toLowerCase() === domain.toLowerCase() &&
    (path === undefined || row.path === path) &&
    (name === undefined || row.name === name);
  if (rows.every(isAsked)) return rows;
  throw new CloudAnswerError(action, 'has streams that were not asked for');
}
