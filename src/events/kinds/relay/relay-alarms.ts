import { lookupIn, meaningsOf } from '../../meaning.js';

// prettier-ignore
const HINTS = {
  source: { en: 'Check the source URL of the relay task and the server behind it.', zh: '检查转推任务的源地址及其服务器。' },
  target: { en: 'Check the target URL of the relay task and the network to it.', zh: '检查转推任务的目标地址及网络。' },
  file: { en: 'Check the length and the integrity of the source file.', zh: '检查源文件的时长与完整性。' },
};

/** Types of a `TaskAlarm` (docs/protocol.md, 4.10). */
// prettier-ignore
export const RELAY_ALARMS = meaningsOf<string, keyof typeof HINTS>(HINTS, [
  ['PullFileUnstable', 'relay.pull-unstable', 'source', 'Pulling the source file is unstable.', '拉取源文件不稳定。'],
  ['PushStreamUnstable', 'relay.push-unstable', 'target', 'Pushing to the target is unstable.', '向目标地址推流不稳定。'],
  ['PullFileFailed', 'relay.pull-failed', 'source', 'The source file cannot be pulled.', '拉取源文件失败。'],
  ['PushStreamFailed', 'relay.push-failed', 'target', 'The stream cannot be pushed to the target.', '向目标地址推流失败。'],
  ['FileEndEarly', 'relay.file-ended-early', 'file', 'The source file ended before its time.', '源文件提前结束。'],
]);

/** What the type of a relay alarm means. */
export const relayAlarmMeaning = lookupIn(RELAY_ALARMS);
