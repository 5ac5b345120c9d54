import type { CallbackAttempt, EmulatedSession } from '../stream.history.js';
import { utcTime } from './cloud-time.js';

/* Rows of the read actions, made from what the emulated streams have done. */

/** An element of `EventList` and `PublishInfo`: a push that has ended. */
export function publishRow(session: EmulatedSession): Record<string, unknown> {
  const endedAt = session.endedAt ?? session.startedAt;
  return {
    AppName: session.appName,
    DomainName: session.domain,
    StreamName: session.streamName,
    StreamStartTime: utcTime(session.startedAt),
    StreamEndTime: utcTime(endedAt),
    StopReason: session.errmsg ?? '',
    Duration: Math.round((endedAt - session.startedAt) / 1000),
    ClientIp: session.clientIp,
    Resolution: `${session.width}x${session.height}`,
  };
}

/** An element of `OnlineInfo`: a stream, with its running pushes. */
export function onlineRow(pushes: readonly EmulatedSession[]): Record<string, unknown> {
  const [first] = pushes;
  return {
    StreamName: first?.streamName,
    AppName: first?.appName,
    DomainName: first?.domain,
    PublishTimeList: pushes.map((push) => ({ PublishTime: utcTime(push.startedAt) })),
    PushToDelay: 0,
  };
}

/** An element of `DataInfoList` of DescribeCallbackRecordsList: one attempt. */
export function recordRow(
  attempt: CallbackAttempt,
  format: (time: number) => string,
): Record<string, unknown> {
  return {
    EventTime: format(attempt.at),
    EventType: attempt.eventType,
    Request: attempt.request.body,
    Response: attempt.error ?? attempt.answer,
    ResponseTime: format(attempt.endedAt),
    ResultCode: attempt.isAcknowledged ? 0 : 1,
    StreamId: attempt.streamName,
  };
}

/** A sample of DescribeStreamPushInfoList. */
export function pushSampleRow(session: EmulatedSession, time: number): Record<string, unknown> {
  return {
    StreamName: session.streamName,
    PushDomain: session.domain,
    AppName: session.appName,
    ClientIp: session.clientIp,
    ServerIp: session.serverIp,
    BeginPushTime: utcTime(session.startedAt),
    Time: utcTime(time),
    Resolution: `${session.width}x${session.height}`,
    StreamParam: session.streamParam,
    Sequence: session.sequence,
  };
}

/** An element of `DataInfoList` of DescribeLiveStreamPushInfoList: a push that runs. */
export function pushInfoRow(session: EmulatedSession): Record<string, unknown> {
  return {
    StreamName: session.streamName,
    PushDomain: session.domain,
    AppName: session.appName,
    ClientIp: session.clientIp,
    ServerIp: session.serverIp,
    BeginPushTime: utcTime(session.startedAt),
    Resolution: `${session.width}x${session.height}`,
    Acodec: 'AAC',
    Vcodec: 'H264',
  };
}

/** An element of `StreamInfoList`: a stream name, with its running pushes of any domain and path. */
export function backupRow(pushes: readonly EmulatedSession[]): Record<string, unknown> {
  return {
    StreamName: pushes[0]?.streamName,
    BackupList: pushes.map((push) => ({
      DomainName: push.domain,
      AppName: push.appName,
      PublishTime: utcTime(push.startedAt),
      UpstreamSequence: push.sequence,
      SourceFrom: '直推流',
      MasterFlag: push.backup ? 0 : 1,
    })),
    OptimalEnable: 0,
    HostGroupName: '',
  };
}
