import type { EmulatedSession, StreamHistory } from '../stream.history.js';
import { CloudFault } from '../templates/cloud.fault.js';
import type { Actions } from './action.js';
import type { Parameters, ParameterSpec } from './api.parameters.js';
import { formatLike } from './cloud-time.js';
import { pageOf } from './page.js';
import { onlineRow, publishRow, pushSampleRow, recordRow } from './session.rows.js';
import { DAY_MS, HOUR_MS, windowOf } from './time-window.js';

const EVENTS_WINDOW = { lookBackMs: 62 * DAY_MS, spanMs: 31 * DAY_MS };
const RECORDS_WINDOW = { lookBackMs: 14 * DAY_MS, spanMs: DAY_MS };
const SAMPLES_WINDOW = { lookBackMs: 7 * DAY_MS, spanMs: 3 * HOUR_MS };
const SAMPLE_EVERY_MS = 60_000;
const EVENTS_REACH = 10_000;

const PAGE: ParameterSpec = { PageNum: 'integer', PageSize: 'integer' };
const WINDOW: ParameterSpec = { StartTime: 'string!', EndTime: 'string!' };
const STREAM: ParameterSpec = { DomainName: 'string', AppName: 'string', StreamName: 'string' };

/** What the read actions need to know. */
export interface ReadContext {
  readonly history: StreamHistory;
  readonly now: () => number;
  /** Largest page of the online list; the editions of the cloud differ. */
  readonly onlinePageCap: number;
}

/** The read actions that reconcile missed callbacks, answered from the emulated streams. */
export function readActions({ history, now, onlinePageCap }: ReadContext): Actions {
  /** Pushes that have ended and touch the time asked for, in the order of their ends. */
  const endedPushes = (given: Parameters): EmulatedSession[] => {
    const { start, end } = windowOf(given, now(), EVENTS_WINDOW);
    if (end > now()) {
      throw new CloudFault('InvalidParameterValue', 'EndTime is in the future.');
    }
    const isStrict = given.optionalInteger('IsStrict') === 1;
    return history
      .sessions()
      .filter(
        (push) =>
          push.endedAt !== null &&
          push.startedAt <= end &&
          push.endedAt >= start &&
          isOfStream(push, given, isStrict),
      )
      .toSorted((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0));
  };

  return {
    DescribeCallbackRecordsList: {
      parameters: {
        ...WINDOW,
        StreamName: 'string!',
        PageNum: 'integer!',
        PageSize: 'integer!',
        EventType: 'integer',
        ResultCode: 'integer',
      },
      run: (given) => {
        const { start, end } = windowOf(given, now(), RECORDS_WINDOW);
        const eventType = given.optionalInteger('EventType');
        const resultCode = given.optionalInteger('ResultCode');
        const attempts = history
          .attempts()
          .filter(
            (attempt) =>
              attempt.streamName === given.string('StreamName') &&
              attempt.at >= start &&
              attempt.at <= end &&
              (eventType === undefined || attempt.eventType === eventType) &&
              (resultCode === undefined || attempt.isAcknowledged === (resultCode === 0)),
          );
        const { rows, counters } = pageOf(attempts, given, { min: 1, max: 100 });
        const format = formatLike(given.string('StartTime'));
        return { DataInfoList: rows.map((attempt) => recordRow(attempt, format)), ...counters };
      },
    },
    DescribeLiveStreamEventList: {
      parameters: {
        ...WINDOW,
        ...STREAM,
        ...PAGE,
        IsFilter: 'integer',
        IsStrict: 'integer',
        IsAsc: 'integer',
      },
      run: (given) => {
        const pushes = endedPushes(given);
        if (given.optionalInteger('IsAsc') !== 1) pushes.reverse();
        // Every emulated push has begun, so that IsFilter has nothing to leave out.
        const { rows, counters } = pageOf(pushes, given, { min: 1, max: 100, reach: EVENTS_REACH });
        return { EventList: rows.map((push) => publishRow(push)), ...counters };
      },
    },
    DescribeLiveStreamPublishedList: {
      parameters: { ...WINDOW, ...STREAM, DomainName: 'string!', ...PAGE },
      run: (given) => {
        const pushes = endedPushes(given).toReversed();
        const limits = { min: 10, max: 100, reach: EVENTS_REACH };
        const { rows, counters } = pageOf(pushes, given, limits);
        return { PublishInfo: rows.map((push) => publishRow(push)), ...counters };
      },
    },
    DescribeLiveStreamOnlineList: {
      parameters: { ...STREAM, ...PAGE },
      run: (given) => {
        const running = history
          .sessions()
          .filter((push) => push.endedAt === null && isOfStream(push, given, true));
        const streams = new Map<string, EmulatedSession[]>();
        for (const push of running) {
          const stream = streamOf(push);
          streams.set(stream, [...(streams.get(stream) ?? []), push]);
        }
        const limits = { min: 10, max: onlinePageCap };
        const { rows, counters } = pageOf([...streams.values()], given, limits);
        return { OnlineInfo: rows.map((pushes) => onlineRow(pushes)), ...counters };
      },
    },
    DescribeLiveStreamState: {
      parameters: { DomainName: 'string!', AppName: 'string!', StreamName: 'string!' },
      run: (given) => ({
        StreamState: history
          .sessions()
          .some((push) => push.endedAt === null && isOfStream(push, given, true))
          ? 'active'
          : 'inactive',
      }),
    },
    DescribeStreamPushInfoList: {
      parameters: {
        ...WINDOW,
        StreamName: 'string!',
        PushDomain: 'string',
        AppName: 'string',
      },
      run: (given) => {
        const { start, end } = windowOf(given, now(), SAMPLES_WINDOW);
        const pushes = history
          .sessions()
          .filter((push) => isOfStream(push, given, true, 'PushDomain'));
        const samples = pushes.flatMap((push) =>
          sampleTimes(push, start, Math.min(end, now())).map((time) => pushSampleRow(push, time)),
        );
        return { DataInfoList: samples };
      },
    },
  };
}

/** Whether a push is one that is asked for; what is not named does not matter. */
function isOfStream(
  push: EmulatedSession,
  given: Parameters,
  isStrict: boolean,
  domainParameter = 'DomainName',
): boolean {
  const domain = given.optionalString(domainParameter)?.toLowerCase();
  const appName = given.optionalString('AppName');
  const streamName = given.optionalString('StreamName');
  return (
    (!domain || push.domain.toLowerCase() === domain) &&
    (!appName || push.appName === appName) &&
    (!streamName ||
      (isStrict ? push.streamName === streamName : push.streamName.includes(streamName)))
  );
}

function streamOf({ domain, appName, streamName }: EmulatedSession): string {
  return JSON.stringify([domain, appName, streamName]);
}

function sampleTimes({ startedAt, endedAt }: EmulatedSession, start: number, end: number) {
  const times: number[] = [];
  const last = Math.min(end, endedAt ?? end);
  for (let time = startedAt; time <= last; time += SAMPLE_EVERY_MS) {
    if (time >= start) times.push(time);
  }
  return times;
}
