import { Int } from './field.decorators.js';

/** What every callback carries. */
export abstract class CallbackDto {
  /** Number of the event, as in the CSS documents (docs/protocol.md, 3.2). 0 is a real value. */
  @Int({ about: true }) event_type!: number;
}
