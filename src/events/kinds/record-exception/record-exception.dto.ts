import { DomainPathDto } from '../../dto/domain-path.dto.js';
import { Id, Int, Nested, Text } from '../../dto/field.decorators.js';
import type { Meaning } from '../../meaning.js';
import { recordExceptionMeaning } from './record-exception-types.js';

/** What went wrong, and how often within the reporting time. */
export class RecordException {
  /** Negative; see {@link RECORD_EXCEPTION_TYPES}. */
  @Int() type?: number;
  /** Text for people. */
  @Text() desc?: string;
  /** How often it occurred. */
  @Int() occurs?: number;

  /** What `type` means; undefined for one that is not documented. */
  get reason(): Meaning<number> | undefined {
    return recordExceptionMeaning(this.type);
  }
}

/**
 * An anomaly of a recording, `event_type` 341 (docs/protocol.md, 4.5). Equal ones within a short
 * time are merged, so it may come two minutes late.
 */
export class RecordExceptionDto extends DomainPathDto {
  /** Recording session. */
  @Id() session_id?: string;
  /** `flv`, `ts`, `mp4` or `aac`; upper case in the tables. */
  @Text() file_format?: string;
  /** When it happened, Unix seconds; this kind has no `event_time`. */
  @Int() timestamp?: number;
  /** `info`, `warning` or `error`. */
  @Text() exception_level?: string;
  @Nested(() => RecordException) exception?: RecordException;

  /** What the exception means; undefined for one that is not documented. */
  get reason(): Meaning<number> | undefined {
    return this.exception?.reason;
  }
}
