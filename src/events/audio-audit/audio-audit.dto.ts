import { DomainPathDto } from '../domain-path.dto.js';
import { Flag, Float, FloatList, Id, Int, Nested, NestedList, Text } from '../field.decorators.js';
import { AudioMoan, AudioRecognition, AudioSegment, AudioText } from './audio-audit-result.dto.js';

/** One piece of recorded sound. */
export class AudioAuditRecording {
  /** Seconds into the stream where it appears. */
  @FloatList({ optional: true })
  appearing_point!: number[];

  @Float({ optional: true })
  confidence?: number;

  /** Unix seconds; in the sample only. */
  @Int({ optional: true })
  create_time?: number;

  @Id({ optional: true })
  id?: string;

  /** `HH:MM:SS-HH:MM:SS`. */
  @Text({ optional: true })
  periods?: string;

  @Text({ optional: true })
  url?: string;
}

/** The recorded sound of a callback. */
export class AudioAuditData {
  @NestedList(() => AudioAuditRecording, { optional: true })
  asr_tmp_full_results!: AudioAuditRecording[];
}

/** Verdict on sound, `event_type` 315 (doc 267/58643). Only suspicious sound is reported. */
export class AudioAuditDto extends DomainPathDto {
  /** Obsolete account number. */
  @Id({ wire: 'number', optional: true })
  bizid?: string;

  @Id({ optional: true })
  channel_id?: string;

  @Flag({ optional: true, wire: 'number' })
  HitFlag?: boolean;

  /** 0 to 100. */
  @Float({ optional: true })
  Score?: number;

  @Text({ optional: true })
  SubTag?: string;

  /** A number in the table. */
  @Id({ wire: 'number', optional: true })
  task_id?: string;

  /** 2: normal. */
  @Int({ optional: true })
  status?: number;

  /** The recognised text. */
  @Text({ optional: true })
  asr_text?: string;

  @Text({ optional: true })
  cdn_url?: string;

  /** Seconds. */
  @Float({ optional: true })
  duration?: number;

  /** Open set: Normal, Porn, Abuse, Ad, Custom, … */
  @Text({ optional: true })
  label?: string;

  @Text({ optional: true })
  sub_label?: string;

  /** `Block`, `Review` or `Pass`. */
  @Text()
  suggestion!: string;

  /** Identifies the verdict. */
  @Id({ optional: true })
  request_id?: string;

  /** Number of the verdict within its task; exceeds 31 bit. */
  @Id({ wire: 'number', optional: true })
  seq?: string;

  @NestedList(() => AudioSegment, { optional: true })
  language_results!: AudioSegment[];

  @NestedList(() => AudioMoan, { optional: true })
  moan_results!: AudioMoan[];

  @NestedList(() => AudioRecognition, { optional: true })
  recognition_results!: AudioRecognition[];

  @NestedList(() => AudioSegment, { optional: true })
  speaker_results!: AudioSegment[];

  @NestedList(() => AudioText, { optional: true })
  text_results!: AudioText[];

  @Nested(() => AudioAuditData, { optional: true })
  data?: AudioAuditData;
}
