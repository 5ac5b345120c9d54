import { CallbackDto } from '../../dto/callback.dto.js';
import { Id, Int, Text } from '../../dto/field.decorators.js';

/**
 * A finding of live monitoring (监播), `event_type` 328 (docs/protocol.md, 4.11). China site only,
 * not signed.
 */
export class MonitorDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number' }) appid?: string;
  /** Old account number. */
  @Id({ wire: 'number' }) bizid?: string;
  @Text() interface?: string;
  /** StreamBroken, StreamLowFramerate, OcrFullText, AsrFullText. */
  @Text() event_name?: string;
  /** When it happened, Unix milliseconds. */
  @Int() event_time?: number;
  /** Free text; its braces hold no JSON. */
  @Text() event_msg?: string;
  /** Stream id of the monitor. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
}
