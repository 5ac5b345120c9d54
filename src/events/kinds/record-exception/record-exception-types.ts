import { lookupIn, meaningsOf } from '../../meaning.js';

// prettier-ignore
const HINTS = {
  source: { en: 'Check the encoder and the network of the push client.', zh: '检查推流端编码器与网络。' },
  pull: { en: 'Check that the stream is being pushed; it may have ended.', zh: '确认推流是否正常，可能已断流。' },
  template: { en: 'Compare the recording template with the tracks of the stream.', zh: '核对录制模板与流的音视频轨道。' },
  encoder: { en: 'Keep codec and resolution of the encoder constant during a recording.', zh: '录制期间保持编码与分辨率不变。' },
  codec: { en: 'Check that the container supports the codec of the stream.', zh: '确认封装格式支持该流的编码。' },
  gop: { en: 'Set a constant key frame interval of 2 to 5 seconds in the encoder.', zh: '在编码器中设置固定的 2 至 5 秒关键帧间隔。' },
};

/** Values of `exception.type` (docs/protocol.md, 4.5). */
// prettier-ignore
export const RECORD_EXCEPTION_TYPES = meaningsOf<number, keyof typeof HINTS>(HINTS, [
  [-8, 'record-exception.audio-timestamp-jump', 'source', 'The audio timestamp jumped.', '音频时间戳跳变。'],
  [-9, 'record-exception.video-timestamp-jump', 'source', 'The video timestamp jumped.', '视频时间戳跳变。'],
  [-10, 'record-exception.audio-video-apart', 'source', 'Audio and video timestamps are far apart.', '音视频时间戳不同步，差距过大。'],
  [-11, 'record-exception.video-timestamp-illegal', 'source', 'A video timestamp is illegal.', '视频时间戳非法。'],
  [-16, 'record-exception.pull-failed', 'pull', 'The recorder could not pull the stream.', '录制拉流失败。'],
  [-17, 'record-exception.audio-missing', 'template', 'Audio is recorded, but the stream has none.', '设置了录制音频，但流中没有音频。'],
  [-18, 'record-exception.video-missing', 'template', 'Video is recorded, but the stream has none.', '设置了录制视频，但流中没有视频。'],
  [-22, 'record-exception.audio-timestamp-stuck', 'source', 'The audio timestamp does not move.', '音频时间戳不变。'],
  [-23, 'record-exception.video-timestamp-stuck', 'source', 'The video timestamp does not move.', '视频时间戳不变。'],
  [-24, 'record-exception.audio-timestamp-illegal', 'source', 'An audio timestamp is illegal.', '音频时间戳非法。'],
  [-100, 'record-exception.resolution-changed', 'encoder', 'The resolution changed while recording.', '录制过程中推流分辨率变化。'],
  [-104, 'record-exception.container-write-failed', 'codec', 'Writing to the container failed.', '音视频帧写入封装文件失败。'],
  [-120, 'record-exception.codec-changed', 'encoder', 'A changed codec cut the file.', '编码变化，强制切换录制文件。'],
  [-130, 'record-exception.video-frames-dropped', 'source', 'Bad video frames were dropped.', '丢弃异常视频帧。'],
  [-131, 'record-exception.audio-frames-dropped', 'source', 'Bad audio frames were dropped.', '丢弃异常音频帧。'],
  [-132, 'record-exception.gop-abnormal', 'gop', 'The GOP is abnormal.', 'GOP 长度异常。'],
  [-200, 'record-exception.audio-timestamps-uneven', 'source', 'The audio timestamps are uneven.', '音频时间戳递增不均匀。'],
  [-201, 'record-exception.video-timestamps-uneven', 'source', 'The video timestamps are uneven.', '视频时间戳递增不均匀。'],
]);

/** What the `type` of a recording exception means. */
export const recordExceptionMeaning = lookupIn(RECORD_EXCEPTION_TYPES);
