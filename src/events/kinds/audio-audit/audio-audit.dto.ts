import { DomainPathDto } from '../../dto/domain-path.dto.js';
import {
  Flag,
  Float,
  FloatList,
  Id,
  Int,
  Nested,
  NestedList,
  Text,
} from '../../dto/field.decorators.js';
import { AudioMoan, AudioRecognition, AudioSegment, AudioText } from './audio-audit-result.dto.js';

/** One piece of recorded sound. */
export class AudioAuditRecording {
  /** Seconds into the stream where it appears. */
  @FloatList() appearing_point?: number[];
  @Float() confidence?: number;
  /** Unix seconds; in the sample only. */
  @Int() create_time?: number;
  @Id() id?: string;
  /** `HH:MM:SS-HH:MM:SS`. */
  @Text() periods?: string;
  @Text() url?: string;
}

/** The recorded sound of a callback. */
export class AudioAuditData {
  @NestedList(() => AudioAuditRecording) asr_tmp_full_results?: AudioAuditRecording[];
}

/**
 * Verdict on sound, `event_type` 315 (docs/protocol.md, 4.8). Only suspicious sound is reported.
 */
export class AudioAuditDto extends DomainPathDto {
  /** Obsolete account number. */
  @Id({ wire: 'number' }) bizid?: string;
  @Id() channel_id?: string;
  @Flag({ wire: 'number' }) HitFlag?: boolean;
  /** 0 to 100. */
  @Float() Score?: number;
  @Text() SubTag?: string;
  /** A number in the table. */
  @Id({ wire: 'number' }) task_id?: string;
  /** 2: normal. */
  @Int() status?: number;
  /** The recognised text. */
  @Text() asr_text?: string;
  @Text() cdn_url?: string;
  /** Seconds. */
  @Float() duration?: number;
  /** Open set: Normal, Porn, Abuse, Ad, Custom, … */
  @Text() label?: string;
  @Text() sub_label?: string;
  /** `Block`, `Review` or `Pass`. */
  @Text() suggestion?: string;
  /** Identifies the verdict. */
  @Id() request_id?: string;
  /** Number of the verdict within its task; exceeds 31 bit. */
  @Id({ wire: 'number' }) seq?: string;
  @NestedList(() => AudioSegment) language_results?: AudioSegment[];
  @NestedList(() => AudioMoan) moan_results?: AudioMoan[];
  @NestedList(() => AudioRecognition) recognition_results?: AudioRecognition[];
  @NestedList(() => AudioSegment) speaker_results?: AudioSegment[];
  @NestedList(() => AudioText) text_results?: AudioText[];
  @Nested(() => AudioAuditData) data?: AudioAuditData;
}
