import { CallbackDto } from '../callback.dto.js';
import { Id, Int, Text } from '../field.decorators.js';

/** A screenshot is stored in COS: `event_type` 200 (doc 267/38083). Carries no APPID. */
export class ScreenshotDto extends CallbackDto {
  /** Push domain. */
  @Text({ optional: true })
  app?: string;

  /** Push path (AppName). */
  @Text({ optional: true })
  appname?: string;

  /** Stream name. */
  @Id()
  stream_id!: string;

  @Id({ optional: true })
  channel_id?: string;

  /** When the screenshot was taken, Unix seconds. */
  @Int()
  create_time!: number;

  /** Bytes. */
  @Int({ optional: true })
  file_size?: number;

  /** Width, px. */
  @Int({ optional: true })
  width?: number;

  /** Height, px. */
  @Int({ optional: true })
  height?: number;

  /** Path of the picture in the bucket, with a leading slash and without host. */
  @Text()
  pic_url!: string;

  /** URL of the picture. */
  @Text({ optional: true })
  pic_full_url?: string;

  /** Query string of the push URL. May contain push credentials. */
  @Text({ optional: true })
  stream_param?: string;

  /** Screenshot task. */
  @Id({ optional: true })
  task_id?: string;

  /** Undocumented; seen in a public client. */
  @Int({ optional: true })
  pic_extra_info?: number;
}
