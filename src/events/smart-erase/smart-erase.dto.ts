import { CallbackDto } from '../callback.dto.js';
import { Id, Int, Nested, NestedList, Text } from '../field.decorators.js';

/** A word that was erased. */
export class ErasedWord {
  @Text({ optional: true })
  word?: string;

  /** Presentation time, ms. */
  @Int({ optional: true })
  begin_time?: number;

  /** Presentation time, ms. */
  @Int({ optional: true })
  end_time?: number;
}

/** A sentence with erased words. */
export class ErasedSentence {
  /** As spoken. */
  @Text({ optional: true })
  src_txt?: string;

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

  @NestedList(() => ErasedWord, { optional: true })
  keywords_info!: ErasedWord[];
}

/** The sentences of a callback. */
export class SmartEraseData {
  @NestedList(() => ErasedSentence, { optional: true })
  subtitle_tmp_res!: ErasedSentence[];
}

/** Words were erased from the sound, `event_type` 347 (doc 267/73169). */
export class SmartEraseDto extends CallbackDto {
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

  @Nested(() => SmartEraseData)
  data!: SmartEraseData;
}
