import type { ReceiverOptions } from '../receiver.options.js';

/** Options of `load`. */
export interface LoadOptions extends ReceiverOptions {
  readonly rate: number;
  readonly streams: number;
  readonly duration: number;
  readonly concurrency: number;
  readonly domain: string;
  readonly appName: string;
  readonly timeout: number;
  readonly audit?: boolean;
  readonly plainHttp?: boolean;
  readonly database?: boolean;
  readonly iOwnTheTarget?: boolean;
  readonly json?: boolean;
}
