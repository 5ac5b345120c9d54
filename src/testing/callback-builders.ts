import { builder, decimalId, IDS, seconds, STREAM } from './callback-fields.js';

/** A started push, not signed yet. Each call makes another push. */
export const streamPushCallback = builder(() => ({
  ...STREAM,
  channel_id: 'test_stream',
  errcode: 0,
  errmsg: 'ok',
  event_time: seconds(),
  event_type: 1,
  height: 0,
  idc_id: 34,
  node: '192.0.2.10',
  sequence: decimalId(),
  set_id: 2,
  stream_id: 'test_stream',
  stream_param: 'stream_param=test',
  user_ip: '192.0.2.20',
  width: 0,
}));

/** An interrupted push. Give it the `sequence` of a push to end that one. */
export const streamInterruptCallback = builder(() =>
  streamPushCallback({
    errcode: 1,
    errmsg: 'The push client actively stopped the push',
    event_type: 0,
    push_duration: '128581',
  }),
);

/** A recorded file. Each call makes another file. */
export const recordFileCallback = builder(() => {
  const fileId = decimalId();
  const end = seconds();
  return {
    event_type: 100,
    ...STREAM,
    callback_ext: '{"video_codec":"h264","resolution":"1280x720"}',
    ...IDS,
    file_id: fileId,
    record_file_id: fileId,
    file_format: 'hls',
    task_id: decimalId(),
    start_time: end - 154,
    end_time: end,
    start_time_usec: 316441,
    end_time_usec: 618577,
    duration: 154,
    file_size: 277941079,
    stream_param: 'stream_param=test',
    video_url: `http://vod.example.com/${fileId}.m3u8`,
    media_start_time: 135802,
    record_bps: 0,
  };
});

/** A screenshot. Each call makes another picture. */
export const screenshotCallback = builder(() => {
  const picture = `/test_stream/test_stream-screenshot-${decimalId()}-1280x720.jpg`;
  return {
    app: STREAM.app,
    appname: STREAM.appname,
    channel_id: 'test_stream',
    create_time: seconds(),
    event_type: 200,
    file_size: 30670,
    height: 720,
    pic_full_url: `http://cos.example.com${picture}`,
    pic_url: picture,
    stream_id: 'test_stream',
    stream_param: 'stream_param=test',
    task_id: decimalId(),
    width: 1280,
  };
});

/** A moderated image; `socre` is how CSS spells it. Each call makes another picture. */
export const imageAuditCallback = builder(() => ({
  ocrMsg: '',
  type: [1],
  socre: [99],
  screenshotTime: seconds() - 2,
  img: `http://cos.example.com/audit-${decimalId()}.jpg`,
  sendTime: seconds(),
  suggestion: 'Block',
  label: 'Porn',
  subLabel: 'PornHigh',
  labelResults: [
    {
      HitFlag: 1,
      Scene: 'Porn',
      Suggestion: 'Block',
      Label: 'Porn',
      SubLabel: 'PornHigh',
      Score: 99,
      Details: [{ Id: 0, Name: 'PornHigh', Score: 99 }],
    },
  ],
  objectResults: null,
  ocrResults: null,
  libResults: null,
  streamId: 'test_stream',
  channelId: 'test_stream',
  stream_param: 'stream_param=test',
  ...STREAM,
  event_type: 317,
}));
