import type { ReceiverOptions } from '../receiver.options.js';

/** Options of `doctor`. */
export interface DoctorOptions extends ReceiverOptions {
  readonly clockServer?: string;
  readonly plainHttp?: boolean;
  readonly database: boolean;
  readonly state?: string;
  readonly endpoint?: string;
  readonly timeout: number;
  readonly json?: boolean;
}
