import { DomainAppnameDto } from './domain-appname.dto.js';
import { Float, Id, Int, Text } from './field.decorators.js';

/** What the quality kinds have in common (docs 267/73166 to 73168). */
export abstract class QualityDto extends DomainAppnameDto {
  @Id({ wire: 'number', optional: true })
  transcode_template_id?: string;

  /** Absent for metrics that compare with a reference. */
  @Id({ wire: 'number', optional: true })
  watermark_template_id?: string;

  /** `QualityControl` or `Assessment`. */
  @Text({ optional: true })
  function?: string;

  /** What was found or measured: an open set, such as Mosaic, DtsJitter, PSNR, VMAF. */
  @Text()
  class!: string;
}

/** Score of one frame. */
export class QualityFrame {
  @Float({ optional: true })
  score?: number;

  /** Unix milliseconds. */
  @Int({ optional: true })
  time?: number;
}
