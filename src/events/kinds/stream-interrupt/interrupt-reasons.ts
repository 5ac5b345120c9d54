import { lookupIn, meaningsOf } from '../../meaning.js';

// prettier-ignore
const HINTS = {
  unknown: { en: 'Look at the interruption records of the CSS console.', zh: '在云直播控制台的断流记录中查看详情。' },
  client: { en: 'The push client ended the push; if that was not meant, look there.', zh: '由推流端停止；若非预期，请检查推流端。' },
  internal: { en: 'Push again; report it to Tencent Cloud if it repeats.', zh: '重新推流；若反复出现请联系腾讯云。' },
  content: { en: 'Check the encoder: the RTMP data is not as it should be.', zh: '检查推流端编码器的 RTMP 数据。' },
  size: { en: 'Lower bitrate or frame size in the encoder.', zh: '降低编码器码率或单帧大小。' },
  idle: { en: 'Check that the encoder sends frames and that its uplink works.', zh: '检查推流端是否持续发送数据及上行网络。' },
  network: { en: 'Check the network of the push client.', zh: '检查推流端的网络及上行链路。' },
  refused: { en: 'See the sub-code in the interruption records of the CSS console.', zh: '在云直播控制台的断流记录中查看子错误码。' },
  auth: { en: 'Check the authentication of the push URL.', zh: '检查推流地址鉴权。' },
  kicked: { en: 'Somebody stopped the stream or pushed anew under its name; see the sub-code in the CSS console.', zh: '流被断开或禁推，或者被同名的新推流取代；子错误码见云直播控制台。' },
  unplayed: { en: 'Nothing to do unless the stream should stay without viewers.', zh: '如需无人观看时保持推流，请调整配置。' },
};

/** Values of `errcode` of an interruption (docs/protocol.md, 4.2); others mean "unknown". */
// prettier-ignore
export const INTERRUPT_REASONS = meaningsOf<number, keyof typeof HINTS>(HINTS, [
  [0, 'interrupt.unknown', 'unknown', 'Unknown reason.', '未知原因。'],
  [1, 'interrupt.client-delete-stream', 'client', 'The push client ended the stream (deleteStream).', '推流客户端主动断流（deleteStream）。'],
  [2, 'interrupt.client-close-stream', 'client', 'The push client ended the stream (closeStream).', '推流客户端主动断流（closeStream）。'],
  [3, 'interrupt.client-closed-connection', 'client', 'The push client closed its connection.', '推流客户端主动断开连接。'],
  [4, 'interrupt.client-connection-error', 'client', 'The push client ended the connection with an error.', '推流客户端的连接异常断开。'],
  [5, 'interrupt.internal-5', 'internal', 'Internal error of CSS.', '直播系统内部错误。'],
  [6, 'interrupt.rtmp-content-6', 'content', 'Abnormal RTMP content.', 'RTMP 协议内容异常。'],
  [7, 'interrupt.rtmp-frame-too-large', 'size', 'A single RTMP frame is too large.', 'RTMP 单个帧过大，超过上限。'],
  [8, 'interrupt.no-data-8', 'idle', 'No data for a long time.', '长时间无数据，被系统断开。'],
  [9, 'interrupt.internal-9', 'internal', 'Internal error of CSS.', '直播系统内部错误。'],
  [10, 'interrupt.proxy-interrupted', 'internal', 'The proxy layer received an interruption command.', '代理层收到断流命令。'],
  [11, 'interrupt.internal-11', 'internal', 'Internal error of CSS.', '直播系统内部错误。'],
  [12, 'interrupt.network-12', 'network', 'Network error on the side of the push client.', '推流链路网络异常。'],
  [13, 'interrupt.network-13', 'network', 'Network error on the side of the push client.', '推流链路网络异常。'],
  [14, 'interrupt.network-14', 'network', 'Network error on the side of the push client.', '推流链路网络异常。'],
  [15, 'interrupt.network-15', 'network', 'Network error on the side of the push client.', '推流链路网络异常。'],
  [16, 'interrupt.network-16', 'network', 'Network error on the side of the push client.', '推流链路网络异常。'],
  [17, 'interrupt.network-17', 'network', 'Network error on the side of the push client.', '推流链路网络异常。'],
  [18, 'interrupt.push-refused', 'refused', 'The push was refused.', '推流被拒绝。'],
  [19, 'interrupt.third-party-auth-failed', 'auth', 'Third-party authentication failed.', '第三方鉴权失败。'],
  [20, 'interrupt.no-data-20', 'idle', 'No data for a long time.', '长时间无数据，被系统断开。'],
  [21, 'interrupt.kicked', 'kicked', 'The push was stopped or replaced by a new one.', '推流被断开，或被新的推流取代。'],
  [22, 'interrupt.unknown-22', 'unknown', 'Unknown reason.', '未知原因。'],
  [23, 'interrupt.rtmp-content-23', 'content', 'Abnormal RTMP content.', 'RTMP 协议内容异常。'],
  [24, 'interrupt.internal-24', 'internal', 'Internal error of CSS.', '直播系统内部错误。'],
  [25, 'interrupt.unknown-25', 'unknown', 'Unknown reason.', '未知原因。'],
  [26, 'interrupt.unknown-26', 'unknown', 'Unknown reason.', '未知原因。'],
  [27, 'interrupt.unknown-27', 'unknown', 'Unknown reason.', '未知原因。'],
  [28, 'interrupt.unknown-28', 'unknown', 'Unknown reason.', '未知原因。'],
  [29, 'interrupt.unknown-29', 'unknown', 'Unknown reason.', '未知原因。'],
  [30, 'interrupt.unknown-30', 'unknown', 'Unknown reason.', '未知原因。'],
  [31, 'interrupt.unknown-31', 'unknown', 'Unknown reason.', '未知原因。'],
  [32, 'interrupt.unknown-32', 'unknown', 'Unknown reason.', '未知原因。'],
  [33, 'interrupt.rtmp-amf-error', 'content', 'RTMP AMF error.', 'RTMP AMF 错误。'],
  [34, 'interrupt.unknown-34', 'unknown', 'Unknown reason.', '未知原因。'],
  [35, 'interrupt.client-stopped-35', 'client', 'The push client stopped the push.', '推流客户端主动断流。'],
  [36, 'interrupt.unknown-36', 'unknown', 'Unknown reason.', '未知原因。'],
  [37, 'interrupt.nobody-played', 'unplayed', 'Stopped because nobody played the stream.', '无人观看，被系统断开。'],
  [38, 'interrupt.internal-38', 'internal', 'Internal error of CSS.', '直播系统内部错误。'],
  [39, 'interrupt.frame-size-over-limit', 'size', 'The frame size (bitrate) is over the limit.', '帧大小（码率）超限。'],
]);

/** What the `errcode` of an interruption means. */
export const interruptMeaning = lookupIn(INTERRUPT_REASONS);
