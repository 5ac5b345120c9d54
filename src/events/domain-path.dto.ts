import { CallbackDto } from './callback.dto.js';
import { Id, Text } from './field.decorators.js';

/** Envelope of the kinds that name the stream by `domain` and `path`. */
export abstract class DomainPathDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number', optional: true })
  appid?: string;

  /** Push domain. */
  @Text({ optional: true })
  domain?: string;

  /** Push path (AppName). */
  @Text({ optional: true })
  path?: string;

  /** Stream name. */
  @Id()
  stream_id!: string;

  /** Always `general_callback`, where it is sent. */
  @Text({ optional: true })
  interface?: string;
}
