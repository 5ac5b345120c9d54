import { CallbackDto } from './callback.dto.js';
import { Id, Int, Text } from './field.decorators.js';

/** Envelope of the kinds that name the stream by `domain` and `appname`. */
export abstract class DomainAppnameDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number' }) appid?: string;
  /** Push domain. */
  @Text() domain?: string;
  /** Push path (AppName). */
  @Text() appname?: string;
  /** Stream name. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  /** When the event happened, Unix seconds. */
  @Int() event_time?: number;
}
