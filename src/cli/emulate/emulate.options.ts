/** Options of `emulate`. */
export interface EmulateOptions {
  readonly port: number;
  readonly script?: string;
  readonly virtual?: boolean;
  readonly url?: string;
  readonly keyEnv: string;
  readonly profile: string;
  readonly faster?: number;
  readonly resign: boolean;
  readonly stay?: boolean;
  readonly json?: boolean;
}
