import { DomainAppnameDto } from './domain-appname.dto.js';
import { Float, Id, Int, Text } from './field.decorators.js';

/** What the quality kinds have in common (docs/protocol.md, 4.13 to 4.15). */
export abstract class QualityDto extends DomainAppnameDto {
  @Id({ wire: 'number' }) transcode_template_id?: string;
  /** Absent for metrics that compare with a reference. */
  @Id({ wire: 'number' }) watermark_template_id?: string;
  /** `QualityControl` or `Assessment`. */
  @Text() function?: string;
  /** What was found or measured: an open set, such as Mosaic, DtsJitter, PSNR, VMAF. */
  @Text() class?: string;
}

/** Score of one frame. */
export class QualityFrame {
  @Float() score?: number;
  /** Unix milliseconds. */
  @Int() time?: number;
}
