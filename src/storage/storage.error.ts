import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown at start when the module cannot use the database, with the reason and the fix. */
export class StorageSetupError extends LiveCallbackError {
  readonly code = 'storage-setup';
}

/** Thrown when questions to the tables take too long, or too many wait: callbacks come first. */
export class AuditBusyError extends LiveCallbackError {
  readonly code = 'audit-busy';

  constructor(options?: ErrorOptions) {
    super(
      'The question takes too long beside the callbacks, or others do. Ask for a shorter period, or again later.',
      options,
    );
  }
}

const PROBLEMS = {
  'storage-away': 'The database of the callbacks does not answer.',
  'storage-failed': 'The database did not store the callback: see the cause.',
  'storage-timeout': 'The callback is not known to be stored in time.',
  'storage-overloaded': 'Too many callbacks wait to be stored.',
};

/** Why the database could not be used now; a sender is asked to come again. */
export type StorageUnavailableReason = keyof typeof PROBLEMS;

/** Thrown when a callback could not be made durable in time, or the database is away. */
export class StorageUnavailableError extends LiveCallbackError {
  readonly code = 'storage-unavailable';

  constructor(
    readonly reason: StorageUnavailableReason,
    options?: ErrorOptions,
  ) {
    super(PROBLEMS[reason], options);
  }
}
