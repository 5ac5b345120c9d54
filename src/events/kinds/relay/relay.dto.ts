import { CallbackDto } from '../../dto/callback.dto.js';
import { Id, Int, JsonString, Text } from '../../dto/field.decorators.js';
import type { JsonText } from '../../payload/json-text.js';
import type { Meaning } from '../../meaning.js';
import { relayAlarmMeaning } from './relay-alarms.js';

/**
 * State of a relay (pull and push) task, `event_type` 314 (docs/protocol.md, 4.10). Not signed, and
 * sent to the `CallbackUrl` of the task. `TaskExit` is not final: retries and migrations cause it
 * too.
 */
export class RelayDto extends CallbackDto {
  /** Account APPID; `appId` in a table. */
  @Id({ wire: 'number', aliases: ['appId'] }) appid?: string;
  /** TaskStart, TaskExit, VodSourceFileStart, VodSourceFileFinish, ResetTaskConfig, TaskAlarm, … */
  @Text() callback_event?: string;
  /** JSON array inside a string, with a newline at its end. */
  @JsonString() source_urls?: JsonText;
  /** Where the stream is pushed to; missing in TaskExit. */
  @Text() to_url?: string;
  /** Missing in TaskExit, empty in old samples. */
  @Id({ aliases: ['streamId'] }) stream_id?: string;
  /** What the event is about; missing in TaskExit. */
  @Id({ about: true, optional: true }) task_id?: string;
  /** JSON inside a string; its members depend on `callback_event`. */
  @JsonString() msg?: JsonText;
  /** Unix seconds, text on the wire; in the tables since 2024, in no sample. */
  @Int({ wire: 'string' }) event_time?: number;
  @Text() interface?: string;
  /** `pullpush`. */
  @Text() product_name?: string;
  @Text() callback_url?: string;

  /** What a `TaskAlarm` means; undefined for other events and undocumented alarms. */
  get reason(): Meaning<string> | undefined {
    if (this.callback_event !== 'TaskAlarm') return undefined;
    const message = this.msg?.value;
    const isObject = typeof message === 'object' && message !== null && !Array.isArray(message);
    const type = isObject ? (message['type'] ?? message['AlarmType']) : undefined;
    return typeof type === 'string' ? relayAlarmMeaning(type) : undefined;
  }
}
