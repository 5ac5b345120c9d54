import type { EmulatedSession } from '../stream.history.js';
import { CloudFault } from '../templates/cloud.fault.js';
import type { Actions } from './action.js';
import type { Parameters, ParameterSpec } from './api.parameters.js';
import type { CloudMemory, EndedPush } from './cloud.memory.js';
import { formatLike } from './cloud-time.js';
import { pageOf } from './page.js';
import { publishRow, pushSampleRow, recordRow } from './session.rows.js';
import { isOfStream, PAGE, STREAM } from './stream.question.js';
import { DAY_MS, HOUR_MS, windowOf } from './time-window.js';

const EVENTS_WINDOW = { lookBackMs: 62 * DAY_MS, spanMs: 31 * DAY_MS };
const RECORDS_WINDOW = { lookBackMs: 14 * DAY_MS, spanMs: DAY_MS };
const SAMPLES_WINDOW = { lookBackMs: 7 * DAY_MS, spanMs: 3 * HOUR_MS };
const SAMPLE_EVERY_MS = 60_000;
const EVENTS_REACH = 10_000;

const WINDOW: ParameterSpec = { StartTime: 'string!', EndTime: 'string!' };

/** The read actions about what has been. */
export function pastActions(memory: CloudMemory): Actions {
  const { now } = memory;
  /** Pushes that have ended and touch the time asked for, in the order of their ends. */
  const endedPushes = (given: Parameters): readonly EndedPush[] => {
    const { start, end } = windowOf(given, now(), EVENTS_WINDOW);
    if (end > now()) {
      throw new CloudFault('InvalidParameterValue', 'EndTime is in the future.');
    }
    const isStrict = given.optionalInteger('IsStrict') === 1;
    return memory
      .ended()
      .filter(
        (push) =>
          push.startedAt <= end && push.endedAt >= start && isOfStream(push, given, isStrict),
      );
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
        const attempts = memory
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
        const ordered = given.optionalInteger('IsAsc') === 1 ? pushes : pushes.toReversed();
        // Every emulated push has begun, so that IsFilter has nothing to leave out.
        const limits = { min: 1, max: 100, reach: EVENTS_REACH };
        const { rows, counters } = pageOf(ordered, given, limits);
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
    DescribeStreamPushInfoList: {
      parameters: {
        ...WINDOW,
        StreamName: 'string!',
        PushDomain: 'string',
        AppName: 'string',
      },
      run: (given) => {
        const { start, end } = windowOf(given, now(), SAMPLES_WINDOW);
        const pushes = memory
          .pushes()
          .filter((push) => isOfStream(push, given, true, 'PushDomain'));
        const samples = pushes.flatMap((push) =>
          sampleTimes(push, start, Math.min(end, now())).map((time) => pushSampleRow(push, time)),
        );
        return { DataInfoList: samples };
      },
    },
  };
}

function sampleTimes({ startedAt, endedAt }: EmulatedSession, start: number, end: number) {
  const times: number[] = [];
  const last = Math.min(end, endedAt ?? end);
  for (let time = startedAt; time <= last; time += SAMPLE_EVERY_MS) {
    if (time >= start) times.push(time);
  }
  return times;
}
