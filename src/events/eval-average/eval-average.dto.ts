import { Float, NestedList } from '../field.decorators.js';
import { QualityDto, QualityFrame } from '../quality.dto.js';

/**
 * The average of an evaluation, `event_type` 345 (doc 267/73168). Its sample says 344, the number of
 * the threshold event; `average_score` tells the two apart.
 */
export class EvalAverageDto extends QualityDto {
  /** All frames of the period. */
  @NestedList(() => QualityFrame, { optional: true })
  frames!: QualityFrame[];

  @Float({ optional: true })
  average_score?: number;

  @Float({ optional: true })
  max_score?: number;

  @Float({ optional: true })
  min_score?: number;
}
