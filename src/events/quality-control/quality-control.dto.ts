import { Float } from '../field.decorators.js';
import { QualityDto } from '../quality.dto.js';

/** A quality problem of format or content, `event_type` 343 (doc 267/73166). */
export class QualityControlDto extends QualityDto {
  @Float({ optional: true })
  score?: number;
}
