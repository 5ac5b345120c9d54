import { Int } from '../../dto/field.decorators.js';
import type { Meaning } from '../../meaning.js';
import { StreamStateDto } from '../../dto/stream-state.dto.js';
import { interruptMeaning } from './interrupt-reasons.js';

/** Push interrupted, `event_type` 0 (docs/protocol.md, 4.2). */
export class StreamInterruptDto extends StreamStateDto {
  /** Length of the push, ms. A string on the wire; missing in old bodies. */
  @Int({ wire: 'string' }) push_duration?: number;

  /** What `errcode` means; undefined for one that is not documented. */
  get reason(): Meaning<number> | undefined {
    return interruptMeaning(this.errcode);
  }
}
