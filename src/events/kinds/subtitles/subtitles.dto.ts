import { CallbackDto } from '../../dto/callback.dto.js';
import { Flag, Id, Int, Nested, NestedList, Text } from '../../dto/field.decorators.js';

/** One recognised sentence. */
export class SubtitleSentence {
  /** As spoken. */
  @Text() src_txt?: string;
  /** Translated; only with translation. */
  @Text() dst_txt?: string;
  /** Presentation time, ms. */
  @Int() start_pts?: number;
  /** Presentation time, ms. */
  @Int() end_pts?: number;
  /** Unix seconds. */
  @Int() start_unix_time?: number;
  /** Unix seconds. */
  @Int() end_unix_time?: number;
  /** Whether the sentence is final; unsteady ones are revised. Misspelt `stead_state` in the sample. */
  @Flag({ wire: 'boolean', aliases: ['stead_state'] }) steady_state?: boolean;
}

/** The sentences of a callback. */
export class SubtitlesData {
  @NestedList(() => SubtitleSentence) subtitle_tmp_res?: SubtitleSentence[];
}

/**
 * Live subtitles and interpretation, `event_type` 338 (docs/protocol.md, 4.12). Can be very
 * frequent.
 */
export class SubtitlesDto extends CallbackDto {
  /** Account APPID; missing in the sample. */
  @Id({ wire: 'number' }) appid?: string;
  /** Stream name. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  @Id() channel_id?: string;
  @Id() task_id?: string;
  @Nested(() => SubtitlesData) data?: SubtitlesData;
}
