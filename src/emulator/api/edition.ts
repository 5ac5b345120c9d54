/** Which cloud answers: each has its own endpoint, and not the same actions and limits. */
export type Edition = 'mainland' | 'international';

/** What sets an edition apart. */
export interface EditionFacts {
  /** Actions that it does not have. */
  readonly lacks: readonly string[];
  /** Largest `PageSize` of the online list. */
  readonly onlinePageCap: number;
  /** Calls per second that are documented, by action. */
  readonly rates: Readonly<Record<string, number>>;
}

const RATES = {
  CreateLiveCallbackTemplate: 200,
  ModifyLiveCallbackTemplate: 200,
  DescribeLiveCallbackTemplate: 500,
  DescribeLiveCallbackTemplates: 500,
  DeleteLiveCallbackTemplate: 200,
  CreateLiveCallbackRule: 200,
  DeleteLiveCallbackRule: 200,
  DescribeLiveCallbackRules: 500,
  DescribeCallbackRecordsList: 20,
  DescribeLiveStreamEventList: 300,
  DescribeLiveStreamPublishedList: 300,
  DescribeLiveStreamState: 300,
  DescribeLiveStreamPushInfoList: 500,
  DescribeStreamPushInfoList: 40,
  DescribeBackupStreamList: 20,
  DropLiveStream: 100,
};

export const EDITIONS: Readonly<Record<Edition, EditionFacts>> = {
  mainland: {
    lacks: [],
    onlinePageCap: 300_000,
    rates: { ...RATES, DescribeLiveStreamOnlineList: 80 },
  },
  international: {
    lacks: ['DescribeCallbackRecordsList', 'DescribeBackupStreamList'],
    onlinePageCap: 100,
    rates: { ...RATES, DescribeLiveStreamOnlineList: 100 },
  },
};
