import { DomainPathDto } from '../domain-path.dto.js';
import { Int, NestedList, Text, TextList } from '../field.decorators.js';

/** One highlight clip. */
export class HighlightItem {
  /** Unix seconds. */
  @Int({ optional: true })
  begin_time?: number;

  /** Unix seconds. */
  @Int({ optional: true })
  end_time?: number;

  @Text({ optional: true })
  title?: string;

  @Text({ optional: true })
  summary?: string;

  /** Where the clip is stored. */
  @Text()
  video_store_url!: string;

  /** Where its cover is stored; may be empty. */
  @Text({ optional: true })
  cov_img_store_url?: string;

  @TextList({ optional: true })
  key_words!: string[];
}

/** Highlight clips of a stream, `event_type` 349 (doc 267/74672). */
export class HighlightDto extends DomainPathDto {
  @NestedList(() => HighlightItem, { optional: true })
  items!: HighlightItem[];
}
