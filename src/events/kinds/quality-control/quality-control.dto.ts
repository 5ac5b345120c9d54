import { Float } from '../../dto/field.decorators.js';
import { QualityDto } from '../../dto/quality.dto.js';

/** A quality problem of format or content, `event_type` 343 (docs/protocol.md, 4.13). */
export class QualityControlDto extends QualityDto {
  @Float() score?: number;
}
