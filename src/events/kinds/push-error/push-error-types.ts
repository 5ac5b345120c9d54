import { lookupIn, meaningsOf } from '../../meaning.js';

// prettier-ignore
const HINTS = {
  timestamps: { en: 'Check how the encoder makes timestamps.', zh: '检查编码器的时间戳生成。' },
  chunk: { en: 'Set an RTMP chunk size of 8192 or less.', zh: '将 RTMP chunk size 设为不大于 8192。' },
  uplink: { en: 'Check the load of the encoder and its uplink.', zh: '检查编码器负载与上行网络。' },
  codec: { en: 'Keep the codec constant during a push.', zh: '推流期间保持编码格式不变。' },
  header: { en: 'Send the codec headers before the first frames.', zh: '在首帧之前发送编码头。' },
  uncommon: { en: 'Use H.264 or H.265 with AAC.', zh: '使用 H.264/H.265 与 AAC 编码。' },
  rate: { en: 'Raise the frame rate of the encoder.', zh: '提高编码器帧率。' },
  gop: { en: 'Set a key frame interval of 2 to 5 seconds.', zh: '将关键帧间隔设为 2 至 5 秒。' },
};

/** Values of `type` of a push error (docs/protocol.md, 4.9); 12 to 16 exist since 2025. */
// prettier-ignore
export const PUSH_ERROR_TYPES = meaningsOf<number, keyof typeof HINTS>(HINTS, [
  [1, 'push-error.video-timestamp-back', 'timestamps', 'The video timestamp went back.', '视频时间戳回退。'],
  [2, 'push-error.audio-timestamp-back', 'timestamps', 'The audio timestamp went back.', '音频时间戳回退。'],
  [3, 'push-error.video-timestamp-jump', 'timestamps', 'The video timestamp jumped by more than a second.', '视频时间戳突然变大（超过 1 秒）。'],
  [4, 'push-error.audio-timestamp-jump', 'timestamps', 'The audio timestamp jumped by more than a second.', '音频时间戳突然变大（超过 1 秒）。'],
  [5, 'push-error.chunk-size-too-large', 'chunk', 'The chunk size is over 8192.', 'chunk size 超过 8192。'],
  [6, 'push-error.video-frames-late', 'uplink', 'Video frames arrive too far apart.', '视频帧到达间隔过大。'],
  [7, 'push-error.audio-frames-late', 'uplink', 'Audio frames arrive too far apart.', '音频帧到达间隔过大。'],
  [8, 'push-error.video-codec-changed', 'codec', 'The video codec changed.', '视频编码发生变化。'],
  [9, 'push-error.audio-codec-changed', 'codec', 'The audio codec changed.', '音频编码发生变化。'],
  [10, 'push-error.video-header-missing', 'header', 'No codec header came before the first video frame.', '首个视频帧之前缺少编码头（codec 头）。'],
  [11, 'push-error.audio-header-missing', 'header', 'No codec header came before the first audio frame.', '首个音频帧之前缺少编码头（codec 头）。'],
  [12, 'push-error.audio-interval-too-large', 'uplink', 'The timestamps of audio frames are too far apart.', '音频帧时间戳间隔过大。'],
  [13, 'push-error.codec-uncommon', 'uncommon', 'The codec is uncommon.', '音视频编码格式不常用。'],
  [14, 'push-error.video-header-unreadable', 'header', 'The video header cannot be parsed.', '视频头无法解析。'],
  [15, 'push-error.frame-rate-too-low', 'rate', 'The frame rate is too low.', '视频帧率过低。'],
  [16, 'push-error.gop-too-large', 'gop', 'The GOP is longer than ten seconds.', 'GOP 超过 10 秒。'],
]);

/** What the `type` of a push error means. */
export const pushErrorMeaning = lookupIn(PUSH_ERROR_TYPES);
