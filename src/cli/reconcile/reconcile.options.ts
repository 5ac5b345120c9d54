/** Options of `reconcile`. */
export interface ReconcileOptions {
  readonly domain: readonly string[];
  readonly from: Date;
  readonly to?: Date;
  readonly dryRun?: boolean;
  readonly endpoint?: string;
  readonly proxy?: string;
  readonly json?: boolean;
}
