import { Float, NestedList } from '../../dto/field.decorators.js';
import { QualityDto, QualityFrame } from '../../dto/quality.dto.js';

/**
 * The average of an evaluation, `event_type` 345 (docs/protocol.md, 4.15). Its sample says 344, the
 * number of the threshold event; `average_score` tells the two apart.
 */
export class EvalAverageDto extends QualityDto {
  /** All frames of the period. */
  @NestedList(() => QualityFrame) frames?: QualityFrame[];
  @Float() average_score?: number;
  @Float() max_score?: number;
  @Float() min_score?: number;
}
