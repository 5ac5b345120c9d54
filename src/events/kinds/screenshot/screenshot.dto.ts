import { CallbackDto } from '../../dto/callback.dto.js';
import { Id, Int, Text } from '../../dto/field.decorators.js';

/** A screenshot is stored in COS: `event_type` 200 (docs/protocol.md, 4.6). Carries no APPID. */
export class ScreenshotDto extends CallbackDto {
  /** Push domain. */
  @Text() app?: string;
  /** Push path (AppName). */
  @Text() appname?: string;
  /** Stream name. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  @Id() channel_id?: string;
  /** When the screenshot was taken, Unix seconds. */
  @Int() create_time?: number;
  /** Bytes. */
  @Int() file_size?: number;
  /** Width, px. */
  @Int() width?: number;
  /** Height, px. */
  @Int() height?: number;
  /** Path of the picture in the bucket, with a leading slash and without host. */
  @Text() pic_url?: string;
  /** URL of the picture. */
  @Text() pic_full_url?: string;
  /** Query string of the push URL. May contain push credentials. */
  @Text() stream_param?: string;
  /** Screenshot task. */
  @Id() task_id?: string;
  /** Undocumented; seen in a public client. */
  @Int() pic_extra_info?: number;
}
