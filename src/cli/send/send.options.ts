import type { ReceiverOptions } from '../receiver.options.js';

/** Options of `send`. */
export interface SendOptions extends ReceiverOptions {
  readonly exactUrl?: boolean;
  readonly stream?: string;
  readonly domain?: string;
  readonly appName?: string;
  readonly sequence?: string;
  readonly set?: readonly string[];
  readonly file?: string;
  readonly t?: number;
  readonly unsigned?: boolean;
  readonly count: number;
  readonly duplicate: number;
  readonly interval?: number;
  readonly timeout: number;
  readonly json?: boolean;
}
