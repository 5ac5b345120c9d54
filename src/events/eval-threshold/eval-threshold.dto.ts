import { NestedList } from '../field.decorators.js';
import { QualityDto, QualityFrame } from '../quality.dto.js';

/** An evaluation fell below its threshold, `event_type` 344 (doc 267/73167). */
export class EvalThresholdDto extends QualityDto {
  /** The frames below the threshold. */
  @NestedList(() => QualityFrame, { optional: true })
  frames!: QualityFrame[];
}
