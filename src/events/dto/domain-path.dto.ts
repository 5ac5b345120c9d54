import { CallbackDto } from './callback.dto.js';
import { Id, Text } from './field.decorators.js';

/** Envelope of the kinds that name the stream by `domain` and `path`. */
export abstract class DomainPathDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number' }) appid?: string;
  /** Push domain. */
  @Text() domain?: string;
  /** Push path (AppName). */
  @Text() path?: string;
  /** Stream name. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  /** Always `general_callback`, where it is sent. */
  @Text() interface?: string;
}
