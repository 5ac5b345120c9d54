import { lookupIn, type Meaning } from '../meaning.js';

const CLIENT = {
  en: 'The push client ended the push; if that was not meant, look there.',
  zh: '推流端主动停止；若非预期请检查推流端。',
};
const INTERNAL = {
  en: 'Push again; report it to Tencent Cloud if it repeats.',
  zh: '重新推流；若反复出现请联系腾讯云。',
};
const CONTENT = {
  en: 'Check the encoder: the RTMP data is not as it should be.',
  zh: '检查推流端编码器的 RTMP 数据。',
};
const SIZE = {
  en: 'Lower bitrate or frame size in the encoder.',
  zh: '降低编码器码率或单帧大小。',
};
const IDLE = {
  en: 'Check that the encoder sends frames and that its uplink works.',
  zh: '检查推流端是否持续发送数据及上行网络。',
};
const NETWORK = {
  en: 'Check the network of the push client.',
  zh: '检查推流端网络。',
};
const REFUSED = {
  en: 'See the sub-code in the interruption records of the console.',
  zh: '在控制台断流记录中查看子错误码。',
};
const AUTH = {
  en: 'Check the authentication of the push URL.',
  zh: '检查推流地址鉴权。',
};
const KICKED = {
  en: 'Somebody stopped the stream or pushed anew under its name; see the sub-code in the console.',
  zh: '流被断开、禁推或被新推流替换；在控制台查看子错误码。',
};
const UNKNOWN = {
  en: 'Look at the interruption records of the console.',
  zh: '在控制台断流记录中查看详情。',
};
const UNPLAYED = {
  en: 'Nothing to do unless the stream should stay without viewers.',
  zh: '如需无人观看时保持推流，请调整配置。',
};

/** Values of `errcode` of an interruption (docs 267/31083 and 267/38081); others mean "unknown". */
export const INTERRUPT_REASONS: readonly Meaning<number>[] = [
  {
    code: 0,
    id: 'interrupt.unknown',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 1,
    id: 'interrupt.client-delete-stream',
    en: 'The push client ended the stream (deleteStream).',
    zh: '推流端主动断流（deleteStream）。',
    hint: CLIENT,
  },
  {
    code: 2,
    id: 'interrupt.client-close-stream',
    en: 'The push client ended the stream (closeStream).',
    zh: '推流端主动断流（closeStream）。',
    hint: CLIENT,
  },
  {
    code: 3,
    id: 'interrupt.client-closed-connection',
    en: 'The push client closed its connection.',
    zh: '推流端主动断开连接。',
    hint: CLIENT,
  },
  {
    code: 4,
    id: 'interrupt.client-connection-error',
    en: 'The push client ended the connection with an error.',
    zh: '推流端连接异常断开。',
    hint: CLIENT,
  },
  {
    code: 5,
    id: 'interrupt.internal-5',
    en: 'Internal error of CSS.',
    zh: '云直播内部错误。',
    hint: INTERNAL,
  },
  {
    code: 6,
    id: 'interrupt.rtmp-content-6',
    en: 'Abnormal RTMP content.',
    zh: 'RTMP 内容异常。',
    hint: CONTENT,
  },
  {
    code: 7,
    id: 'interrupt.rtmp-frame-too-large',
    en: 'A single RTMP frame is too large.',
    zh: '单个 RTMP 帧过大。',
    hint: SIZE,
  },
  {
    code: 8,
    id: 'interrupt.no-data-8',
    en: 'No data for a long time.',
    zh: '长时间无数据。',
    hint: IDLE,
  },
  {
    code: 9,
    id: 'interrupt.internal-9',
    en: 'Internal error of CSS.',
    zh: '云直播内部错误。',
    hint: INTERNAL,
  },
  {
    code: 10,
    id: 'interrupt.proxy-interrupted',
    en: 'The proxy layer received an interruption command.',
    zh: '代理层收到断流指令。',
    hint: INTERNAL,
  },
  {
    code: 11,
    id: 'interrupt.internal-11',
    en: 'Internal error of CSS.',
    zh: '云直播内部错误。',
    hint: INTERNAL,
  },
  {
    code: 12,
    id: 'interrupt.network-12',
    en: 'Network error on the side of the push client.',
    zh: '推流端网络错误。',
    hint: NETWORK,
  },
  {
    code: 13,
    id: 'interrupt.network-13',
    en: 'Network error on the side of the push client.',
    zh: '推流端网络错误。',
    hint: NETWORK,
  },
  {
    code: 14,
    id: 'interrupt.network-14',
    en: 'Network error on the side of the push client.',
    zh: '推流端网络错误。',
    hint: NETWORK,
  },
  {
    code: 15,
    id: 'interrupt.network-15',
    en: 'Network error on the side of the push client.',
    zh: '推流端网络错误。',
    hint: NETWORK,
  },
  {
    code: 16,
    id: 'interrupt.network-16',
    en: 'Network error on the side of the push client.',
    zh: '推流端网络错误。',
    hint: NETWORK,
  },
  {
    code: 17,
    id: 'interrupt.network-17',
    en: 'Network error on the side of the push client.',
    zh: '推流端网络错误。',
    hint: NETWORK,
  },
  {
    code: 18,
    id: 'interrupt.push-refused',
    en: 'The push was refused.',
    zh: '推流被拒绝。',
    hint: REFUSED,
  },
  {
    code: 19,
    id: 'interrupt.third-party-auth-failed',
    en: 'Third-party authentication failed.',
    zh: '第三方鉴权失败。',
    hint: AUTH,
  },
  {
    code: 20,
    id: 'interrupt.no-data-20',
    en: 'No data for a long time.',
    zh: '长时间无数据。',
    hint: IDLE,
  },
  {
    code: 21,
    id: 'interrupt.kicked',
    en: 'The push was stopped or replaced by a new one.',
    zh: '推流被断开或被新推流替换。',
    hint: KICKED,
  },
  {
    code: 22,
    id: 'interrupt.unknown-22',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 23,
    id: 'interrupt.rtmp-content-23',
    en: 'Abnormal RTMP content.',
    zh: 'RTMP 内容异常。',
    hint: CONTENT,
  },
  {
    code: 24,
    id: 'interrupt.internal-24',
    en: 'Internal error of CSS.',
    zh: '云直播内部错误。',
    hint: INTERNAL,
  },
  {
    code: 25,
    id: 'interrupt.unknown-25',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 26,
    id: 'interrupt.unknown-26',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 27,
    id: 'interrupt.unknown-27',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 28,
    id: 'interrupt.unknown-28',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 29,
    id: 'interrupt.unknown-29',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 30,
    id: 'interrupt.unknown-30',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 31,
    id: 'interrupt.unknown-31',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 32,
    id: 'interrupt.unknown-32',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 33,
    id: 'interrupt.rtmp-amf-error',
    en: 'RTMP AMF error.',
    zh: 'RTMP AMF 错误。',
    hint: CONTENT,
  },
  {
    code: 34,
    id: 'interrupt.unknown-34',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 35,
    id: 'interrupt.client-stopped-35',
    en: 'The push client stopped the push.',
    zh: '推流端主动断流。',
    hint: CLIENT,
  },
  {
    code: 36,
    id: 'interrupt.unknown-36',
    en: 'Unknown reason.',
    zh: '未知原因。',
    hint: UNKNOWN,
  },
  {
    code: 37,
    id: 'interrupt.nobody-played',
    en: 'Stopped because nobody played the stream.',
    zh: '无人观看，服务端断流。',
    hint: UNPLAYED,
  },
  {
    code: 38,
    id: 'interrupt.internal-38',
    en: 'Internal error of CSS.',
    zh: '云直播内部错误。',
    hint: INTERNAL,
  },
  {
    code: 39,
    id: 'interrupt.frame-size-over-limit',
    en: 'The frame size (bitrate) is over the limit.',
    zh: '帧大小（码率）超限。',
    hint: SIZE,
  },
];

/** What the `errcode` of an interruption means. */
export const interruptMeaning = lookupIn(INTERRUPT_REASONS);
