import { lookupIn, type Meaning } from '../meaning.js';

const NOTHING = { en: 'Nothing to do.', zh: '无需处理。' };

/** Values of `record_event` (doc 267/58590). */
export const RECORD_EVENTS: readonly Meaning<string>[] = [
  {
    code: 'record_start_succeeded',
    id: 'record.started',
    en: 'The recording started.',
    zh: '录制启动成功。',
    hint: NOTHING,
  },
  {
    code: 'record_start_failed',
    id: 'record.start-failed',
    en: 'The recording could not start.',
    zh: '录制启动失败。',
    hint: {
      en: 'Check the recording template and the storage it writes to, then start again.',
      zh: '检查录制模板与存储配置后重新发起录制。',
    },
  },
  {
    code: 'record_paused',
    id: 'record.paused',
    en: 'The recording is paused.',
    zh: '录制已暂停。',
    hint: {
      en: 'Usually the push is interrupted; it goes on when the stream comes back in time.',
      zh: '通常是推流中断，续录时间内恢复推流后会继续录制。',
    },
  },
  {
    code: 'record_resumed',
    id: 'record.resumed',
    en: 'The recording goes on.',
    zh: '录制已恢复。',
    hint: NOTHING,
  },
  {
    code: 'record_error',
    id: 'record.error',
    en: 'The recording met an error.',
    zh: '录制出错。',
    hint: {
      en: 'Look for record-exception callbacks of the same session.',
      zh: '结合同一会话的录制异常事件排查。',
    },
  },
  {
    code: 'record_ended',
    id: 'record.ended',
    en: 'The recording ended.',
    zh: '录制结束。',
    hint: {
      en: 'The record-file callbacks of the session follow or have come.',
      zh: '等待或查收该会话的录制文件事件。',
    },
  },
];

/** What a `record_event` means. */
export const recordEventMeaning = lookupIn(RECORD_EVENTS);
