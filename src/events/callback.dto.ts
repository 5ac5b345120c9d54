import { Int } from './field.decorators.js';

/** What every callback carries. */
export abstract class CallbackDto {
  /** Number of the event, as in the CSS documents (doc 267/38080). 0 is a real value. */
  @Int()
  event_type!: number;
}
