import { CallbackDto } from '../../dto/callback.dto.js';
import { Id, Int, JsonString, Text } from '../../dto/field.decorators.js';
import type { JsonText } from '../../payload/json-text.js';

/** A recording file, or a slice of one, is stored: `event_type` 100 (docs/protocol.md, 4.3). */
export class RecordFileDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number' }) appid?: string;
  /** Push domain. */
  @Text() app?: string;
  /** Push path (AppName). */
  @Text() appname?: string;
  /** Stream name; mixed streams look like `<bizid>_mix_…`. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  @Id() channel_id?: string;
  /** VOD file id, or `<appid>_<32 hex>` for COS storage. */
  @Id() file_id?: string;
  /** Equal to `file_id` in every body seen. */
  @Id() record_file_id?: string;
  /** Recording template; empty or absent for a global task. */
  @Id() record_temp_id?: string;
  /** `flv`, `hls`, `mp4` or `aac`: lower case on the wire, upper case in the tables. */
  @Text() file_format?: string;
  /** Recording task; opaque text, or a decimal of up to 2^64. */
  @Id() task_id?: string;
  /** When the task began to write, Unix seconds. The content began at `end_time - duration`. */
  @Int() start_time?: number;
  /** When the task stopped writing, Unix seconds. */
  @Int() end_time?: number;
  /** Microsecond part of `start_time`. */
  @Int() start_time_usec?: number;
  /** Microsecond part of `end_time`. */
  @Int() end_time_usec?: number;
  /** Length of the file, seconds; may differ from `end_time - start_time`. */
  @Int() duration?: number;
  /** Bytes. */
  @Int() file_size?: number;
  /** Query string of the push URL; absent for CreateRecordTask. May contain push credentials. */
  @Text() stream_param?: string;
  /** Download URL. */
  @Text() video_url?: string;
  /** First timestamp (PTS) that the recorder received, ms. */
  @Int() media_start_time?: number;
  /** Bitrate of the recorded transcoded output, kbps; 0 for the original stream. */
  @Int() record_bps?: number;
  /** Advisory JSON inside a string: `video_codec`, `resolution`, `session_id`. */
  @JsonString() callback_ext?: JsonText;
  /** Old VOD id; in every observed body, in no current table. */
  @Id() video_id?: string;
}
