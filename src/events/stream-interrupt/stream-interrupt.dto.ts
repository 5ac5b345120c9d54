import { Int } from '../field.decorators.js';
import type { Meaning } from '../meaning.js';
import { StreamStateDto } from '../stream-state.dto.js';
import { interruptMeaning } from './interrupt-reasons.js';

/** Push interrupted, `event_type` 0 (doc 267/38081). */
export class StreamInterruptDto extends StreamStateDto {
  /** Length of the push, ms. A string on the wire; missing in old bodies. */
  @Int({ wire: 'string', optional: true })
  push_duration?: number;

  /** What `errcode` means; undefined for one that is not documented. */
  get reason(): Meaning<number> | undefined {
    return interruptMeaning(this.errcode);
  }
}
