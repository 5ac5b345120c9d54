import type { Actions } from './action.js';
import type { CloudMemory } from './cloud.memory.js';
import { pageOf } from './page.js';
import { backupRow, onlineRow, pushInfoRow } from './session.rows.js';
import { grouped, isOfStream, PAGE, STREAM } from './stream.question.js';

const BACKUP_REGIONS = [
  'ap-bangkok',
  'ap-beijing',
  'ap-guangzhou',
  'ap-hongkong',
  'ap-seoul',
  'ap-shanghai',
  'ap-tokyo',
];

/** The read actions about what is live now. */
export function liveActions(memory: CloudMemory, onlinePageCap: number): Actions {
  return {
    DescribeLiveStreamOnlineList: {
      parameters: { ...STREAM, ...PAGE },
      run: (given) => {
        const running = memory.online().filter((push) => isOfStream(push, given, true));
        const streams = grouped(running, ({ domain, appName, streamName }) =>
          JSON.stringify([domain, appName, streamName]),
        );
        const { rows, counters } = pageOf(streams, given, { min: 10, max: onlinePageCap });
        return { OnlineInfo: rows.map((pushes) => onlineRow(pushes)), ...counters };
      },
    },
    DescribeLiveStreamPushInfoList: {
      parameters: { PushDomain: 'string', AppName: 'string', ...PAGE },
      run: (given) => {
        const running = memory
          .online()
          .filter((push) => isOfStream(push, given, true, 'PushDomain'));
        const limits = { min: 1, max: 100_000, size: 200 };
        const { rows, counters } = pageOf(running, given, limits);
        return { DataInfoList: rows.map((push) => pushInfoRow(push)), ...counters };
      },
    },
    DescribeBackupStreamList: {
      parameters: { StreamName: 'string' },
      regions: BACKUP_REGIONS,
      run: (given) => {
        const running = memory.online().filter((push) => isOfStream(push, given, true));
        const names = grouped(running, ({ streamName }) => streamName);
        return { StreamInfoList: names.map((pushes) => backupRow(pushes)) };
      },
    },
    DescribeLiveStreamState: {
      parameters: { DomainName: 'string!', AppName: 'string!', StreamName: 'string!' },
      run: (given) => ({
        StreamState: memory.running().some((push) => isOfStream(push, given, true))
          ? 'active'
          : 'inactive',
      }),
    },
  };
}
