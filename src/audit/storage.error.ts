/** Thrown at start when the module cannot use the database, with the reason and the fix. */
export class StorageSetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageSetupError';
  }
}

/** Why a callback could not be stored now; the sender is asked to come again. */
export type StorageUnavailableReason = 'storage-failed' | 'storage-timeout' | 'storage-overloaded';

/** Thrown when a callback could not be made durable in time. */
export class StorageUnavailableError extends Error {
  constructor(
    readonly reason: StorageUnavailableReason,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'StorageUnavailableError';
  }
}
