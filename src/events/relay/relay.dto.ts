import { CallbackDto } from '../callback.dto.js';
import { Id, Int, JsonString, Text } from '../field.decorators.js';
import type { JsonText } from '../json-text.js';
import type { Meaning } from '../meaning.js';
import { relayAlarmMeaning } from './relay-alarms.js';

/**
 * State of a relay (pull and push) task, `event_type` 314 (doc 267/42525). Not signed, and sent to
 * the `CallbackUrl` of the task. `TaskExit` is not final: retries and migrations cause it too.
 */
export class RelayDto extends CallbackDto {
  /** Account APPID; `appId` in a table. */
  @Id({ wire: 'number', optional: true, aliases: ['appId'] })
  appid?: string;

  /** TaskStart, TaskExit, VodSourceFileStart, VodSourceFileFinish, ResetTaskConfig, TaskAlarm, … */
  @Text()
  callback_event!: string;

  /** JSON array inside a string, with a newline at its end. */
  @JsonString({ optional: true })
  source_urls?: JsonText;

  /** Where the stream is pushed to; missing in TaskExit. */
  @Text({ optional: true })
  to_url?: string;

  /** Missing in TaskExit, empty in old samples. */
  @Id({ optional: true })
  stream_id?: string;

  /** Missing in TaskExit. */
  @Id({ optional: true })
  task_id?: string;

  /** JSON inside a string; its members depend on `callback_event`. */
  @JsonString({ optional: true })
  msg?: JsonText;

  /** Unix seconds, text on the wire; in the tables since 2024, in no sample. */
  @Int({ optional: true, wire: 'string' })
  event_time?: number;

  @Text({ optional: true })
  interface?: string;

  /** `pullpush`. */
  @Text({ optional: true })
  product_name?: string;

  @Text({ optional: true })
  callback_url?: string;

  /** What a `TaskAlarm` means; undefined for other events and undocumented alarms. */
  get reason(): Meaning<string> | undefined {
    if (this.callback_event !== 'TaskAlarm') return undefined;
    const message = this.msg?.value;
    const isObject = typeof message === 'object' && message !== null && !Array.isArray(message);
    const type = isObject ? (message['type'] ?? message['AlarmType']) : undefined;
    return typeof type === 'string' ? relayAlarmMeaning(type) : undefined;
  }
}
