/** Builders of the later kinds; those of pushes, recordings and screenshots are in callback-builders.ts. */
import { builder, decimalId, IDS, seconds, STREAM } from './callback-fields.js';

const ACCOUNT = { appid: STREAM.appid, domain: STREAM.app, stream_id: IDS.stream_id };
const BY_PATH = { ...ACCOUNT, path: STREAM.appname };
const BY_APPNAME = { ...ACCOUNT, appname: STREAM.appname };

/** A changed recording status. Each call is another session. */
export const recordStatusCallback = builder(() => ({
  ...BY_APPNAME,
  event_time: seconds(),
  event_type: 332,
  record_detail: '{"file_format":2,"record_bps":0,"start_model":1,"record_content":1}',
  record_event: 'record_start_succeeded',
  seq: decimalId(),
  session_id: decimalId(),
}));

/** An anomaly of a recording. Each call is another session. */
export const recordExceptionCallback = builder(() => ({
  interface: 'general_callback',
  event_type: 341,
  ...BY_PATH,
  session_id: decimalId(),
  file_format: 'ts',
  timestamp: seconds(),
  exception_level: 'error',
  exception: { type: -9, desc: 'video ts jump', occurs: 1 },
}));

/** Moderated sound. Each call is another verdict. */
export const audioAuditCallback = builder(() => ({
  HitFlag: 1,
  Score: 96,
  ...BY_PATH,
  channel_id: 'test_stream',
  asr_text: 'call this number',
  duration: 10,
  event_type: 315,
  interface: 'general_callback',
  label: 'Ad',
  sub_label: 'Contact',
  suggestion: 'Block',
  language_results: null,
  text_results: [{ Label: 'Ad', Keywords: ['number'], Score: 100, Suggestion: 'Block' }],
  request_id: decimalId(),
  task_id: 36881,
  seq: 1,
  status: 2,
}));

/** Anomalies of a push. Each call is another push. */
export const pushErrorCallback = builder(() => {
  const now = seconds() * 1000;
  return {
    ...BY_PATH,
    event_type: 321,
    interface: 'general_callback',
    data_time: now,
    report_interval: 5000,
    sequence: decimalId(),
    stream_param: 'stream_param=test',
    timeout: 5000,
    user_ip: '192.0.2.20',
    abnormal_event: [
      { type: 6, count: 1, detail: [{ desc: 'video frame too late', occur_time: now }] },
    ],
  };
});

/** A relay task that started; CSS does not sign this kind. Each call is another task. */
export const relayCallback = builder(() => ({
  appid: STREAM.appid,
  callback_event: 'TaskStart',
  event_type: 314,
  interface: 'general_callback',
  msg: '{"task_start_time":0}',
  product_name: 'pullpush',
  source_urls: '["http://source.example.com/live.m3u8"]\n',
  stream_id: 'test_stream',
  task_id: decimalId(),
  to_url: 'rtmp://push.example.com/live/test_stream',
}));

/** A finding of the monitor; CSS does not sign this kind. */
export const monitorCallback = builder(() => ({
  appid: STREAM.appid,
  bizid: 29901,
  event_msg: 'stream [ test_stream ] is broken',
  event_name: 'StreamBroken',
  event_time: Date.now(),
  event_type: 328,
  interface: 'general_callback',
  stream_id: 'test_stream',
}));

/** A final subtitle; `stead_state` is how CSS spells it. */
export const subtitlesCallback = builder(() => ({
  event_type: 338,
  ...IDS,
  task_id: decimalId(),
  data: {
    subtitle_tmp_res: [
      { src_txt: 'Good evening.', start_pts: 123000, end_pts: 126333, stead_state: true },
    ],
  },
}));

/** Words that were erased. */
export const smartEraseCallback = builder(() => ({
  event_type: 347,
  ...IDS,
  task_id: decimalId(),
  data: {
    subtitle_tmp_res: [
      {
        src_txt: 'A word that is not to be heard.',
        start_pts: 954864,
        end_pts: 964464,
        start_unix_time: seconds(),
        end_unix_time: seconds() + 9,
        keywords_info: [{ word: 'word', begin_time: 957759, end_time: 959424 }],
      },
    ],
  },
}));

/** A quality problem. */
export const qualityControlCallback = builder(() => ({
  event_type: 343,
  ...BY_APPNAME,
  event_time: seconds(),
  score: 44.15,
  transcode_template_id: 123456,
  watermark_template_id: 123457,
  function: 'QualityControl',
  class: 'Blur',
}));

/** An evaluation below its threshold. */
export const evalThresholdCallback = builder(() => ({
  event_type: 344,
  ...BY_APPNAME,
  transcode_template_id: 12345,
  event_time: seconds(),
  frames: [{ score: 22.78, time: Date.now() }],
  function: 'Assessment',
  class: 'PSNR',
}));

/** The average of an evaluation. */
export const evalAverageCallback = builder(() =>
  evalThresholdCallback({
    event_type: 345,
    average_score: 22.78,
    max_score: 22.78,
    min_score: 22.78,
  }),
);

/** A summary of a stretch of a stream. */
export const summaryCallback = builder(() => ({
  event_type: 348,
  ...BY_PATH,
  begin_time: seconds() - 600,
  end_time: seconds(),
  title: 'Bedding on sale',
  summary: 'The host shows sheets and pillowcases.',
  key_points: ['Prices'],
  key_words: ['bedding'],
}));

/** A highlight clip. Each call makes another clip. */
export const highlightCallback = builder(() => ({
  event_type: 349,
  ...BY_PATH,
  items: [
    {
      begin_time: seconds() - 60,
      end_time: seconds() - 30,
      title: 'Flash sale',
      summary: 'The price falls.',
      video_store_url: `http://cos.example.com/${decimalId()}.mp4`,
      cov_img_store_url: '',
      key_words: ['sale'],
    },
  ],
}));
