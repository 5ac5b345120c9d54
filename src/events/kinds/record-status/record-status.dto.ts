import { DomainAppnameDto } from '../../dto/domain-appname.dto.js';
import { Id, JsonString, Text } from '../../dto/field.decorators.js';
import type { JsonText } from '../../payload/json-text.js';
import type { Meaning } from '../../meaning.js';
import { recordEventMeaning } from './record-events.js';

/**
 * The status of a recording changed, `event_type` 332 (docs/protocol.md, 4.4). For a relay
 * recording `stream_id` is the id of the relay task. `record_ended` is final for its session.
 */
export class RecordStatusDto extends DomainAppnameDto {
  /** See {@link RECORD_EVENTS}. Printed once as `recordevent` in the China document. */
  @Text({ aliases: ['recordevent'] }) record_event?: string;
  /**
   * JSON inside a string: `file_format` 1 FLV, 2 HLS, 3 MP4, 4 AAC, 5 MP3; `record_bps`;
   * `start_model` 1 template, 5 API; `record_content` 1 original, 2 watermarked, 3 transcoded;
   * `source_type` 1 live, 2 relay; `codec_temp_id`.
   */
  @JsonString() record_detail?: JsonText;
  /** Returned by CreateRecordTask; only for tasks made by the API. */
  @Id() task_id?: string;
  /** Recording session. */
  @Id() session_id?: string;
  /** Sequence number of the message, up to 64 bit. */
  @Id() seq?: string;

  /** What `record_event` means; undefined for one that is not documented. */
  get reason(): Meaning<string> | undefined {
    return recordEventMeaning(this.record_event);
  }
}
