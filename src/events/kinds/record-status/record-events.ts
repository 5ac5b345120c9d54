import { lookupIn, meaningsOf } from '../../meaning.js';

// prettier-ignore
const HINTS = {
  nothing: { en: 'Nothing to do.', zh: '无需处理。' },
  start: { en: 'Check the recording template and the storage it writes to, then start again.', zh: '检查录制模板与存储配置后重新发起录制。' },
  paused: { en: 'Usually the push is interrupted; it goes on when the stream comes back in time.', zh: '通常是推流中断，续录时间内恢复推流后会继续录制。' },
  error: { en: 'Look for record-exception callbacks of the same session.', zh: '结合同一会话的录制异常事件排查。' },
  ended: { en: 'The record-file callbacks of the session follow or have come.', zh: '等待或查收该会话的录制文件事件。' },
};

/** Values of `record_event` (docs/protocol.md, 4.4). */
// prettier-ignore
export const RECORD_EVENTS = meaningsOf<string, keyof typeof HINTS>(HINTS, [
  ['record_start_succeeded', 'record.started', 'nothing', 'The recording started.', '录制启动成功。'],
  ['record_start_failed', 'record.start-failed', 'start', 'The recording could not start.', '录制启动失败。'],
  ['record_paused', 'record.paused', 'paused', 'The recording is paused.', '录制已暂停。'],
  ['record_resumed', 'record.resumed', 'nothing', 'The recording goes on.', '续录成功，录制已恢复。'],
  ['record_error', 'record.error', 'error', 'The recording met an error.', '录制出错。'],
  ['record_ended', 'record.ended', 'ended', 'The recording ended.', '录制结束。'],
]);

/** What a `record_event` means. */
export const recordEventMeaning = lookupIn(RECORD_EVENTS);
