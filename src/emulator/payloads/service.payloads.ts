import { decimalId, type CallbackFields } from '../../testing/callback-fields.js';
import {
  audioAuditCallback,
  evalAverageCallback,
  evalThresholdCallback,
  highlightCallback,
  monitorCallback,
  qualityControlCallback,
  smartEraseCallback,
  subtitlesCallback,
  summaryCallback,
} from '../../testing/service-callback-builders.js';
import type { EmulatedSession } from '../stream.history.js';
import { byAppName, byName, byPath, toSeconds } from './envelope.js';

/** Makes the payload of something that happens to a stream at a time (Unix milliseconds). */
export type PayloadOf = (session: EmulatedSession, at: number) => CallbackFields;

/** How long a sentence of a subtitle is, ms. */
const SENTENCE_MS = 3_000;
/** How far back a summary reaches at most, ms. */
const SUMMARY_MS = 600_000;

/** The kinds that a service of CSS finds out about a running stream. */
export const SERVICE_PAYLOADS = {
  'audio-audit': (session) => audioAuditCallback({ ...byPath(session), ...byName(session) }),
  monitor: ({ appId, streamName }, at) =>
    monitorCallback({
      appid: appId,
      stream_id: streamName,
      event_time: at,
      event_msg: `stream [ ${streamName} ] is broken`,
    }),
  subtitles: (session, at) =>
    subtitlesCallback({
      ...byName(session),
      data: {
        subtitle_tmp_res: [
          { src_txt: 'Good evening.', ...sentenceTimes(session, at), stead_state: true },
        ],
      },
    }),
  'smart-erase': (session, at) => {
    const times = sentenceTimes(session, at);
    const erased = { word: 'word', begin_time: times.start_pts, end_time: times.end_pts };
    return smartEraseCallback({
      ...byName(session),
      data: {
        subtitle_tmp_res: [
          { src_txt: 'A word that is not to be heard.', ...times, keywords_info: [erased] },
        ],
      },
    });
  },
  'quality-control': (session, at) =>
    qualityControlCallback({ ...byAppName(session), event_time: toSeconds(at) }),
  'eval-threshold': (session, at) => evalThresholdCallback(evaluation(session, at)),
  'eval-average': (session, at) => evalAverageCallback(evaluation(session, at)),
  summary: (session, at) =>
    summaryCallback({
      ...byPath(session),
      begin_time: toSeconds(Math.max(at - SUMMARY_MS, session.startedAt)),
      end_time: toSeconds(at),
    }),
  highlight: (session, at) =>
    highlightCallback({
      ...byPath(session),
      items: [
        {
          begin_time: toSeconds(Math.max(at - SUMMARY_MS, session.startedAt)),
          end_time: toSeconds(at),
          title: 'Flash sale',
          summary: 'The price falls.',
          video_store_url: `http://${session.appId}.cos.example.com/${decimalId()}.mp4`,
          cov_img_store_url: '',
          key_words: ['sale'],
        },
      ],
    }),
} as const satisfies Record<string, PayloadOf>;

/** A kind of {@link SERVICE_PAYLOADS}. */
export type ServiceKind = keyof typeof SERVICE_PAYLOADS;

/** The last seconds before now, since the start of the push and by the calendar. */
function sentenceTimes({ startedAt }: EmulatedSession, at: number) {
  const from = Math.max(at - SENTENCE_MS, startedAt);
  return {
    start_pts: from - startedAt,
    end_pts: at - startedAt,
    start_unix_time: toSeconds(from),
    end_unix_time: toSeconds(at),
  };
}

function evaluation(session: EmulatedSession, at: number): CallbackFields {
  return {
    ...byAppName(session),
    event_time: toSeconds(at),
    frames: [{ score: 22.78, time: at }],
  };
}
