import { CallbackDto } from '../../dto/callback.dto.js';
import { Id, Int, IntList, NestedList, Text } from '../../dto/field.decorators.js';
import { ImageAuditResult } from './image-audit-result.dto.js';

/**
 * Verdict on a screenshot, `event_type` 317 (docs/protocol.md, 4.7); formerly porn detection. By
 * default only suspicious pictures are reported. Branch on `suggestion` and `label`: the meaning of
 * the numbers in `type` changed several times.
 */
export class ImageAuditDto extends CallbackDto {
  /** Account APPID. */
  @Id({ wire: 'number' }) appid?: string;
  /** Push domain. */
  @Text() app?: string;
  /** Push path (AppName). */
  @Text() appname?: string;
  /** Stream name; only this kind writes it in camelCase. */
  @Id({ about: true, aliases: ['stream_id'] }) streamId!: string;
  @Id({ aliases: ['channel_id'] }) channelId?: string;
  /** URL of the picture. */
  @Text() img?: string;
  /** Numbers of the findings; legacy, see above. */
  @IntList({ wire: 'array' }) type?: number[];
  /** Scores of the findings, 0 to 100. Misspelt `socre` on the wire, a bare number until 2022. */
  @IntList({ wire: 'array', aliases: ['socre'] }) score?: number[];
  /** Text recognised in the picture. */
  @Text() ocrMsg?: string;
  /** `Block`, `Review` or `Pass`. */
  @Text() suggestion?: string;
  /** Open set: Normal, Porn, Abuse, Ad, Custom, … */
  @Text() label?: string;
  /** For example PornHigh; may be empty. */
  @Text() subLabel?: string;
  /** Null on the wire when there is none. */
  @NestedList(() => ImageAuditResult) labelResults?: ImageAuditResult[];
  @NestedList(() => ImageAuditResult) objectResults?: ImageAuditResult[];
  @NestedList(() => ImageAuditResult) ocrResults?: ImageAuditResult[];
  @NestedList(() => ImageAuditResult) libResults?: ImageAuditResult[];
  /** When the screenshot was taken, Unix seconds. */
  @Int() screenshotTime?: number;
  /** When the verdict was sent, Unix seconds. */
  @Int() sendTime?: number;
  /** Query string of the push URL. May contain push credentials. */
  @Text() stream_param?: string;
}
