import { lookupIn, type Meaning } from '../meaning.js';

const SOURCE = {
  en: 'Check the source URL of the relay task and the server behind it.',
  zh: '检查转推任务的源地址及其服务器。',
};
const TARGET = {
  en: 'Check the target URL of the relay task and the network to it.',
  zh: '检查转推任务的目标地址及网络。',
};
const FILE = {
  en: 'Check the length and the integrity of the source file.',
  zh: '检查源文件的时长与完整性。',
};

/** Types of a `TaskAlarm` (doc 267/42525). */
export const RELAY_ALARMS: readonly Meaning<string>[] = [
  {
    code: 'PullFileUnstable',
    id: 'relay.pull-unstable',
    en: 'Pulling the source file is unstable.',
    zh: '拉取源文件不稳定。',
    hint: SOURCE,
  },
  {
    code: 'PushStreamUnstable',
    id: 'relay.push-unstable',
    en: 'Pushing to the target is unstable.',
    zh: '推流到目标不稳定。',
    hint: TARGET,
  },
  {
    code: 'PullFileFailed',
    id: 'relay.pull-failed',
    en: 'The source file cannot be pulled.',
    zh: '拉取源文件失败。',
    hint: SOURCE,
  },
  {
    code: 'PushStreamFailed',
    id: 'relay.push-failed',
    en: 'The stream cannot be pushed to the target.',
    zh: '推流到目标失败。',
    hint: TARGET,
  },
  {
    code: 'FileEndEarly',
    id: 'relay.file-ended-early',
    en: 'The source file ended before its time.',
    zh: '源文件提前结束。',
    hint: FILE,
  },
];

/** What the type of a relay alarm means. */
export const relayAlarmMeaning = lookupIn(RELAY_ALARMS);
