/** Which cloud an account belongs to: the two have not the same endpoint, actions and limits. */
export type CloudEdition = 'mainland' | 'international';

/** Calls per second that the vendor documents for the actions that only read. */
export const DOCUMENTED_RATES = {
  mainland: {
    DescribeLiveStreamOnlineList: 80,
    DescribeLiveStreamEventList: 300,
    DescribeLiveStreamState: 300,
    DescribeStreamPushInfoList: 40,
    DescribeBackupStreamList: 20,
    DescribeCallbackRecordsList: 20,
  },
  international: {
    DescribeLiveStreamOnlineList: 100,
    DescribeLiveStreamEventList: 300,
    DescribeLiveStreamState: 300,
    DescribeStreamPushInfoList: 40,
  },
} as const satisfies Record<CloudEdition, Record<string, number>>;

/** An action that only reads. */
export type ReadAction = keyof (typeof DOCUMENTED_RATES)['mainland'];

/** The edition that an endpoint belongs to. */
export function editionOf(endpoint: string): CloudEdition {
  return /(^|\/\/|\.)intl\./.test(endpoint) ? 'international' : 'mainland';
}
