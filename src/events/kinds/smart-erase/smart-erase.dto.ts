import { CallbackDto } from '../../dto/callback.dto.js';
import { Id, Int, Nested, NestedList, Text } from '../../dto/field.decorators.js';

/** A word that was erased. */
export class ErasedWord {
  @Text() word?: string;
  /** Presentation time, ms. */
  @Int() begin_time?: number;
  /** Presentation time, ms. */
  @Int() end_time?: number;
}

/** A sentence with erased words. */
export class ErasedSentence {
  /** As spoken. */
  @Text() src_txt?: string;
  /** Presentation time, ms. */
  @Int() start_pts?: number;
  /** Presentation time, ms. */
  @Int() end_pts?: number;
  /** Unix seconds. */
  @Int() start_unix_time?: number;
  /** Unix seconds. */
  @Int() end_unix_time?: number;
  @NestedList(() => ErasedWord) keywords_info?: ErasedWord[];
}

/** The sentences of a callback. */
export class SmartEraseData {
  @NestedList(() => ErasedSentence) subtitle_tmp_res?: ErasedSentence[];
}

/** Words were erased from the sound, `event_type` 347 (docs/protocol.md, 4.16). */
export class SmartEraseDto extends CallbackDto {
  /** Account APPID; missing in the sample. */
  @Id({ wire: 'number' }) appid?: string;
  /** Stream name. */
  @Id({ about: true, aliases: ['streamId'] }) stream_id!: string;
  @Id() channel_id?: string;
  @Id() task_id?: string;
  @Nested(() => SmartEraseData) data?: SmartEraseData;
}
