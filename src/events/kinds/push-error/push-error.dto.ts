import { DomainPathDto } from '../../dto/domain-path.dto.js';
import { Flag, Id, Int, NestedList, Text } from '../../dto/field.decorators.js';
import type { Meaning } from '../../meaning.js';
import { pushErrorMeaning } from './push-error-types.js';

/** One occurrence of an anomaly. */
export class PushErrorOccurrence {
  /** Text for people. */
  @Text() desc?: string;
  /** When it occurred, Unix milliseconds; a public client reads it as text. */
  @Int() occur_time?: number;
}

/** An anomaly within the reporting interval. */
export class PushErrorAnomaly {
  /** See {@link PUSH_ERROR_TYPES}. */
  @Int() type?: number;
  /** How often it occurred. */
  @Int() count?: number;
  @NestedList(() => PushErrorOccurrence) detail?: PushErrorOccurrence[];
  @Text() event_key?: string;
  /** `"true"` on the wire, and not in every entry. */
  @Flag({ wire: 'string' }) customer_visible?: boolean;
  /** May be blank. */
  @Text() type_desc_cn?: string;
  @Text() type_desc_en?: string;

  /** What `type` means; undefined for one that is not documented. */
  get reason(): Meaning<number> | undefined {
    return pushErrorMeaning(this.type);
  }
}

/** Anomalies of a push within one reporting interval, `event_type` 321 (docs/protocol.md, 4.9). */
export class PushErrorDto extends DomainPathDto {
  /** IP address of the pusher. */
  @Text() user_ip?: string;
  /** When the report was made, Unix milliseconds. */
  @Int() data_time?: number;
  /** Length of the reporting interval, ms. */
  @Int() report_interval?: number;
  /** Identifies one push, as in `stream-push`. */
  @Id() sequence?: string;
  /** Query string of the push URL. May contain push credentials. */
  @Text() stream_param?: string;
  /** Documented as the timeout of the callback request, ms. */
  @Int() timeout?: number;
  @NestedList(() => PushErrorAnomaly) abnormal_event?: PushErrorAnomaly[];
}
