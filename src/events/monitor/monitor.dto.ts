import { CallbackDto } from '../callback.dto.js';
import { Id, Int, Text } from '../field.decorators.js';

/** A finding of live monitoring (监播), `event_type` 328, China site only. Not signed. */
export class MonitorDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number', optional: true })
  appid?: string;

  /** Old account number. */
  @Id({ wire: 'number', optional: true })
  bizid?: string;

  @Text({ optional: true })
  interface?: string;

  /** StreamBroken, StreamLowFramerate, OcrFullText, AsrFullText. */
  @Text()
  event_name!: string;

  /** When it happened, Unix milliseconds. */
  @Int()
  event_time!: number;

  /** Free text; its braces hold no JSON. */
  @Text({ optional: true })
  event_msg?: string;

  /** Stream id of the monitor. */
  @Id()
  stream_id!: string;
}
