import { imageAuditCallback, screenshotCallback } from '../../testing/callback-builders.js';
import type { CallbackFields } from '../../testing/callback-fields.js';
import type { EmulatedSession } from '../stream.history.js';
import { byApp, toSeconds } from './envelope.js';

/** One screenshot of a push. */
export interface Picture {
  /** Of the screenshot task. */
  readonly taskId: string;
  /** When it was taken, Unix milliseconds. */
  readonly takenAt: number;
  /** Which one of its push, from 1. */
  readonly number: number;
}

/** A picture was taken. */
export function screenshotPayload(session: EmulatedSession, picture: Picture): CallbackFields {
  const { appid: _, ...place } = byApp(session); // the only kind that never says whose it is
  const path = pathOf(session, picture);
  return screenshotCallback({
    ...place,
    create_time: toSeconds(picture.takenAt),
    pic_url: path,
    pic_full_url: urlOf(session, picture),
    task_id: picture.taskId,
    width: session.width,
    height: session.height,
  });
}

/** A picture was found suspicious. */
export function imageAuditPayload(
  session: EmulatedSession,
  at: number,
  picture: Picture,
): CallbackFields {
  const { stream_id: streamId, channel_id: channelId, ...place } = byApp(session);
  return imageAuditCallback({
    ...place,
    streamId,
    channelId,
    img: urlOf(session, picture),
    screenshotTime: toSeconds(picture.takenAt),
    sendTime: toSeconds(at),
  });
}

/** Unlike that of CSS, unique for all times: the name of its files has no date. */
function pathOf(session: EmulatedSession, { takenAt, number }: Picture): string {
  const { streamName, sequence, width, height } = session;
  const time = new Date(takenAt).toISOString().slice(11, 19).replaceAll(':', '-');
  const name = encodeURIComponent(streamName);
  return `/${name}/${sequence}/${name}-screenshot-${time}-${number}-${width}x${height}.jpg`;
}

function urlOf(session: EmulatedSession, picture: Picture): string {
  return `http://${session.appId}.cos.example.com${pathOf(session, picture)}`;
}
