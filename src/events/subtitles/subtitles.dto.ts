import { CallbackDto } from '../callback.dto.js';
import { Flag, Id, Int, Nested, NestedList, Text } from '../field.decorators.js';

/** One recognised sentence. */
export class SubtitleSentence {
  /** As spoken. */
  @Text({ optional: true })
  src_txt?: string;

  /** Translated; only with translation. */
  @Text({ optional: true })
  dst_txt?: string;

  /** Presentation time, ms. */
  @Int({ optional: true })
  start_pts?: number;

  /** Presentation time, ms. */
  @Int({ optional: true })
  end_pts?: number;

  /** Unix seconds. */
  @Int({ optional: true })
  start_unix_time?: number;

  /** Unix seconds. */
  @Int({ optional: true })
  end_unix_time?: number;

  /** Whether the sentence is final; unsteady ones are revised. Misspelt `stead_state` in the sample. */
  @Flag({ optional: true, wire: 'boolean', aliases: ['stead_state'] })
  steady_state?: boolean;
}

/** The sentences of a callback. */
export class SubtitlesData {
  @NestedList(() => SubtitleSentence, { optional: true })
  subtitle_tmp_res!: SubtitleSentence[];
}

/** Live subtitles and interpretation, `event_type` 338 (doc 267/73170). Can be very frequent. */
export class SubtitlesDto extends CallbackDto {
  /** Account APPID; missing in the sample. */
  @Id({ wire: 'number', optional: true })
  appid?: string;

  /** Stream name. */
  @Id()
  stream_id!: string;

  @Id({ optional: true })
  channel_id?: string;

  @Id()
  task_id!: string;

  @Nested(() => SubtitlesData)
  data!: SubtitlesData;
}
