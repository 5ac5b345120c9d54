import { DomainPathDto } from '../../dto/domain-path.dto.js';
import { Int, NestedList, Text, TextList } from '../../dto/field.decorators.js';

/** One highlight clip. */
export class HighlightItem {
  /** Unix seconds. */
  @Int() begin_time?: number;
  /** Unix seconds. */
  @Int() end_time?: number;
  @Text() title?: string;
  @Text() summary?: string;
  /** Where the clip is stored. */
  @Text() video_store_url?: string;
  /** Where its cover is stored; may be empty. */
  @Text() cov_img_store_url?: string;
  @TextList() key_words?: string[];
}

/** Highlight clips of a stream, `event_type` 349 (docs/protocol.md, 4.18). */
export class HighlightDto extends DomainPathDto {
  @NestedList(() => HighlightItem) items?: HighlightItem[];
}
