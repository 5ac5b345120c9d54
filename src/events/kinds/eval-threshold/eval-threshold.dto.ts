import { NestedList } from '../../dto/field.decorators.js';
import { QualityDto, QualityFrame } from '../../dto/quality.dto.js';

/** An evaluation fell below its threshold, `event_type` 344 (docs/protocol.md, 4.14). */
export class EvalThresholdDto extends QualityDto {
  /** The frames below the threshold. */
  @NestedList(() => QualityFrame) frames?: QualityFrame[];
}
