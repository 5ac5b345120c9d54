import { CallbackDto } from './callback.dto.js';
import { Id, Int, Text } from './field.decorators.js';

/**
 * What a started and an interrupted push have in common (doc 267/38081). The two share `sequence`;
 * they are sent to different URLs and retried independently, so either may arrive first.
 */
export abstract class StreamStateDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number', optional: true })
  appid?: string;

  /** Push domain. */
  @Text()
  app!: string;

  /** Push path (AppName). */
  @Text()
  appname!: string;

  /** Stream name. */
  @Id()
  stream_id!: string;

  /** Documented as equal to `stream_id`; observed to differ. Not a key. */
  @Id({ optional: true })
  channel_id?: string;

  /** When the event happened, Unix seconds. */
  @Int()
  event_time!: number;

  /** Identifies one push: its start and its interruption share it. Up to 64 bit, hence text. */
  @Id()
  sequence!: string;

  /** IP address of the ingest node. */
  @Text({ optional: true })
  node?: string;

  /** IP address of the pusher. */
  @Text({ optional: true })
  user_ip?: string;

  /** Query string of the push URL, opaque. May contain push credentials. */
  @Text({ optional: true })
  stream_param?: string;

  /** Reason of the interruption; 0 on a push (doc 267/31083). */
  @Int({ optional: true })
  errcode?: number;

  /** Text for people; wording and case vary, so never branch on it. */
  @Text({ optional: true })
  errmsg?: string;

  /** Region of the ingest: 1 to 6 inside mainland China, 7 to 200 outside. */
  @Int({ optional: true })
  set_id?: number;

  /** Data centre; on the wire since 2017, in no document. */
  @Int({ optional: true })
  idc_id?: number;

  /** Video width, px; 0 before the first video header was seen. */
  @Int({ optional: true })
  width?: number;

  /** Video height, px; 0 before the first video header was seen. */
  @Int({ optional: true })
  height?: number;
}
