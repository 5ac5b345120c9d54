import { CallbackDto } from './callback.dto.js';
import { Id, Int, Text } from './field.decorators.js';

/**
 * What a started and an interrupted push have in common (docs/protocol.md, 4.1 and 4.2). The two
 * share `sequence`; they are sent to different URLs and retried independently, so either may arrive
 * first.
 */
export abstract class StreamStateDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number' }) appid?: string;
  /** Push domain. */
  @Text() app?: string;
  /** Push path (AppName). */
  @Text() appname?: string;
  /** Stream name. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  /** Documented as equal to `stream_id`; observed to differ. Not a key. */
  @Id() channel_id?: string;
  /** When the event happened, Unix seconds. */
  @Int() event_time?: number;
  /** Identifies one push: its start and its interruption share it. Up to 64 bit, hence text. */
  @Id() sequence?: string;
  /** IP address of the ingest node. */
  @Text() node?: string;
  /** IP address of the pusher. */
  @Text() user_ip?: string;
  /** Query string of the push URL, opaque. May contain push credentials. */
  @Text() stream_param?: string;
  /** Reason of the interruption; 0 on a push (docs/protocol.md, 4.2). */
  @Int() errcode?: number;
  /** Text for people; wording and case vary, so never branch on it. */
  @Text() errmsg?: string;
  /** Region of the ingest: 1 to 6 inside mainland China, 7 to 200 outside. */
  @Int() set_id?: number;
  /** Data centre; on the wire since 2017, in no document. */
  @Int() idc_id?: number;
  /** Video width, px; 0 before the first video header was seen. */
  @Int() width?: number;
  /** Video height, px; 0 before the first video header was seen. */
  @Int() height?: number;
}
