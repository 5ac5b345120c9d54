import { lookupIn, type Meaning } from '../meaning.js';

const SOURCE = {
  en: 'Check the encoder and the network of the push client.',
  zh: '检查推流端编码器与网络。',
};
const PULL = {
  en: 'Check that the stream is being pushed; it may have ended.',
  zh: '确认推流是否正常，可能已断流。',
};
const TEMPLATE = {
  en: 'Compare the recording template with the tracks of the stream.',
  zh: '核对录制模板与流的音视频轨道。',
};
const ENCODER = {
  en: 'Keep codec and resolution of the encoder constant during a recording.',
  zh: '录制期间保持编码与分辨率不变。',
};
const CODEC = {
  en: 'Check that the container supports the codec of the stream.',
  zh: '确认封装格式支持该流的编码。',
};
const GOP = {
  en: 'Set a constant key frame interval of 2 to 5 seconds in the encoder.',
  zh: '在编码器中设置固定的 2 至 5 秒关键帧间隔。',
};

/** Values of `exception.type` (doc 267/68622). */
export const RECORD_EXCEPTION_TYPES: readonly Meaning<number>[] = [
  {
    code: -8,
    id: 'record-exception.audio-timestamp-jump',
    en: 'The audio timestamp jumped.',
    zh: '音频时间戳跳变。',
    hint: SOURCE,
  },
  {
    code: -9,
    id: 'record-exception.video-timestamp-jump',
    en: 'The video timestamp jumped.',
    zh: '视频时间戳跳变。',
    hint: SOURCE,
  },
  {
    code: -10,
    id: 'record-exception.audio-video-apart',
    en: 'Audio and video timestamps are far apart.',
    zh: '音视频时间戳差距过大。',
    hint: SOURCE,
  },
  {
    code: -11,
    id: 'record-exception.video-timestamp-illegal',
    en: 'A video timestamp is illegal.',
    zh: '视频时间戳非法。',
    hint: SOURCE,
  },
  {
    code: -16,
    id: 'record-exception.pull-failed',
    en: 'The recorder could not pull the stream.',
    zh: '录制拉流失败。',
    hint: PULL,
  },
  {
    code: -17,
    id: 'record-exception.audio-missing',
    en: 'Audio is recorded, but the stream has none.',
    zh: '录制音频但流中无音频。',
    hint: TEMPLATE,
  },
  {
    code: -18,
    id: 'record-exception.video-missing',
    en: 'Video is recorded, but the stream has none.',
    zh: '录制视频但流中无视频。',
    hint: TEMPLATE,
  },
  {
    code: -22,
    id: 'record-exception.audio-timestamp-stuck',
    en: 'The audio timestamp does not move.',
    zh: '音频时间戳不变。',
    hint: SOURCE,
  },
  {
    code: -23,
    id: 'record-exception.video-timestamp-stuck',
    en: 'The video timestamp does not move.',
    zh: '视频时间戳不变。',
    hint: SOURCE,
  },
  {
    code: -24,
    id: 'record-exception.audio-timestamp-illegal',
    en: 'An audio timestamp is illegal.',
    zh: '音频时间戳非法。',
    hint: SOURCE,
  },
  {
    code: -100,
    id: 'record-exception.resolution-changed',
    en: 'The resolution changed while recording.',
    zh: '录制过程中分辨率变化。',
    hint: ENCODER,
  },
  {
    code: -104,
    id: 'record-exception.container-write-failed',
    en: 'Writing to the container failed.',
    zh: '写入封装失败。',
    hint: CODEC,
  },
  {
    code: -120,
    id: 'record-exception.codec-changed',
    en: 'A changed codec cut the file.',
    zh: '编码变化导致文件切断。',
    hint: ENCODER,
  },
  {
    code: -130,
    id: 'record-exception.video-frames-dropped',
    en: 'Bad video frames were dropped.',
    zh: '丢弃异常视频帧。',
    hint: SOURCE,
  },
  {
    code: -131,
    id: 'record-exception.audio-frames-dropped',
    en: 'Bad audio frames were dropped.',
    zh: '丢弃异常音频帧。',
    hint: SOURCE,
  },
  {
    code: -132,
    id: 'record-exception.gop-abnormal',
    en: 'The GOP is abnormal.',
    zh: 'GOP 异常。',
    hint: GOP,
  },
  {
    code: -200,
    id: 'record-exception.audio-timestamps-uneven',
    en: 'The audio timestamps are uneven.',
    zh: '音频时间戳不均匀。',
    hint: SOURCE,
  },
  {
    code: -201,
    id: 'record-exception.video-timestamps-uneven',
    en: 'The video timestamps are uneven.',
    zh: '视频时间戳不均匀。',
    hint: SOURCE,
  },
];

/** What the `type` of a recording exception means. */
export const recordExceptionMeaning = lookupIn(RECORD_EXCEPTION_TYPES);
