import { DomainPathDto } from '../../dto/domain-path.dto.js';
import { Int, Text, TextList } from '../../dto/field.decorators.js';

/** A summary of a stretch of a stream, `event_type` 348 (docs/protocol.md, 4.17). */
export class SummaryDto extends DomainPathDto {
  /** Unix seconds. */
  @Int() begin_time?: number;
  /** Unix seconds. */
  @Int() end_time?: number;
  @Text() title?: string;
  @Text() summary?: string;
  @TextList() key_words?: string[];
  @TextList() key_points?: string[];
}
