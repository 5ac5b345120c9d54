import { lookupIn, type Meaning } from '../meaning.js';

const TIMESTAMPS = {
  en: 'Check how the encoder makes timestamps.',
  zh: '检查编码器的时间戳生成。',
};
const CHUNK = {
  en: 'Set an RTMP chunk size of 8192 or less.',
  zh: '将 RTMP chunk size 设为不大于 8192。',
};
const UPLINK = {
  en: 'Check the load of the encoder and its uplink.',
  zh: '检查编码器负载与上行网络。',
};
const CODEC = {
  en: 'Keep the codec constant during a push.',
  zh: '推流期间保持编码格式不变。',
};
const HEADER = {
  en: 'Send the codec headers before the first frames.',
  zh: '在首帧之前发送编码头。',
};
const UNCOMMON = {
  en: 'Use H.264 or H.265 with AAC.',
  zh: '使用 H.264/H.265 与 AAC 编码。',
};
const RATE = {
  en: 'Raise the frame rate of the encoder.',
  zh: '提高编码器帧率。',
};
const GOP = {
  en: 'Set a key frame interval of 2 to 5 seconds.',
  zh: '将关键帧间隔设为 2 至 5 秒。',
};

/** Values of `type` of a push error (doc 267/53310); 12 to 16 exist since 2025. */
export const PUSH_ERROR_TYPES: readonly Meaning<number>[] = [
  {
    code: 1,
    id: 'push-error.video-timestamp-back',
    en: 'The video timestamp went back.',
    zh: '视频时间戳回退。',
    hint: TIMESTAMPS,
  },
  {
    code: 2,
    id: 'push-error.audio-timestamp-back',
    en: 'The audio timestamp went back.',
    zh: '音频时间戳回退。',
    hint: TIMESTAMPS,
  },
  {
    code: 3,
    id: 'push-error.video-timestamp-jump',
    en: 'The video timestamp jumped by more than a second.',
    zh: '视频时间戳跳变超过 1 秒。',
    hint: TIMESTAMPS,
  },
  {
    code: 4,
    id: 'push-error.audio-timestamp-jump',
    en: 'The audio timestamp jumped by more than a second.',
    zh: '音频时间戳跳变超过 1 秒。',
    hint: TIMESTAMPS,
  },
  {
    code: 5,
    id: 'push-error.chunk-size-too-large',
    en: 'The chunk size is over 8192.',
    zh: 'chunk size 超过 8192。',
    hint: CHUNK,
  },
  {
    code: 6,
    id: 'push-error.video-frames-late',
    en: 'Video frames arrive too far apart.',
    zh: '视频帧到达间隔过大。',
    hint: UPLINK,
  },
  {
    code: 7,
    id: 'push-error.audio-frames-late',
    en: 'Audio frames arrive too far apart.',
    zh: '音频帧到达间隔过大。',
    hint: UPLINK,
  },
  {
    code: 8,
    id: 'push-error.video-codec-changed',
    en: 'The video codec changed.',
    zh: '视频编码发生变化。',
    hint: CODEC,
  },
  {
    code: 9,
    id: 'push-error.audio-codec-changed',
    en: 'The audio codec changed.',
    zh: '音频编码发生变化。',
    hint: CODEC,
  },
  {
    code: 10,
    id: 'push-error.video-header-missing',
    en: 'No codec header came before the first video frame.',
    zh: '视频帧之前缺少编码头。',
    hint: HEADER,
  },
  {
    code: 11,
    id: 'push-error.audio-header-missing',
    en: 'No codec header came before the first audio frame.',
    zh: '音频帧之前缺少编码头。',
    hint: HEADER,
  },
  {
    code: 12,
    id: 'push-error.audio-interval-too-large',
    en: 'The interval of audio frames is too large.',
    zh: '音频帧间隔过大。',
    hint: UPLINK,
  },
  {
    code: 13,
    id: 'push-error.codec-uncommon',
    en: 'The codec is uncommon.',
    zh: '编码格式不常见。',
    hint: UNCOMMON,
  },
  {
    code: 14,
    id: 'push-error.video-header-unreadable',
    en: 'The video header cannot be parsed.',
    zh: '视频头解析失败。',
    hint: HEADER,
  },
  {
    code: 15,
    id: 'push-error.frame-rate-too-low',
    en: 'The frame rate is too low.',
    zh: '帧率过低。',
    hint: RATE,
  },
  {
    code: 16,
    id: 'push-error.gop-too-large',
    en: 'The GOP is longer than ten seconds.',
    zh: 'GOP 超过 10 秒。',
    hint: GOP,
  },
];

/** What the `type` of a push error means. */
export const pushErrorMeaning = lookupIn(PUSH_ERROR_TYPES);
