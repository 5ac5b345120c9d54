import { CallbackDto } from '../callback.dto.js';
import { Id, Int, IntList, NestedList, Text } from '../field.decorators.js';
import { ImageAuditResult } from './image-audit-result.dto.js';

/**
 * Verdict on a screenshot, `event_type` 317 (doc 267/38084); formerly porn detection. By default
 * only suspicious pictures are reported. Branch on `suggestion` and `label`: the meaning of the
 * numbers in `type` changed several times.
 */
export class ImageAuditDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number', optional: true })
  appid?: string;

  /** Push domain. */
  @Text({ optional: true })
  app?: string;

  /** Push path (AppName). */
  @Text({ optional: true })
  appname?: string;

  /** Stream name; only this kind writes it in camelCase. */
  @Id({ aliases: ['stream_id'] })
  streamId!: string;

  @Id({ optional: true, aliases: ['channel_id'] })
  channelId?: string;

  /** URL of the picture. */
  @Text()
  img!: string;

  /** Numbers of the findings; legacy, see above. */
  @IntList({ optional: true, wire: 'array' })
  type!: number[];

  /** Scores of the findings, 0 to 100. Misspelt `socre` on the wire, a bare number until 2022. */
  @IntList({ optional: true, wire: 'array', aliases: ['socre'] })
  score!: number[];

  /** Text recognised in the picture. */
  @Text({ optional: true })
  ocrMsg?: string;

  /** `Block`, `Review` or `Pass`. */
  @Text()
  suggestion!: string;

  /** Open set: Normal, Porn, Abuse, Ad, Custom, … */
  @Text({ optional: true })
  label?: string;

  /** For example PornHigh; may be empty. */
  @Text({ optional: true })
  subLabel?: string;

  /** Null on the wire when there is none. */
  @NestedList(() => ImageAuditResult, { optional: true })
  labelResults!: ImageAuditResult[];

  @NestedList(() => ImageAuditResult, { optional: true })
  objectResults!: ImageAuditResult[];

  @NestedList(() => ImageAuditResult, { optional: true })
  ocrResults!: ImageAuditResult[];

  @NestedList(() => ImageAuditResult, { optional: true })
  libResults!: ImageAuditResult[];

  /** When the screenshot was taken, Unix seconds. */
  @Int()
  screenshotTime!: number;

  /** When the verdict was sent, Unix seconds. */
  @Int({ optional: true })
  sendTime?: number;

  /** Query string of the push URL. May contain push credentials. */
  @Text({ optional: true })
  stream_param?: string;
}
