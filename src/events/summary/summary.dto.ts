import { DomainPathDto } from '../domain-path.dto.js';
import { Int, Text, TextList } from '../field.decorators.js';

/** A summary of a stretch of a stream, `event_type` 348 (doc 267/74671). */
export class SummaryDto extends DomainPathDto {
  /** Unix seconds. */
  @Int()
  begin_time!: number;

  /** Unix seconds. */
  @Int()
  end_time!: number;

  @Text({ optional: true })
  title?: string;

  @Text({ optional: true })
  summary?: string;

  @TextList({ optional: true })
  key_words!: string[];

  @TextList({ optional: true })
  key_points!: string[];
}
