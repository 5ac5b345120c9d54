/** How long callbacks are kept: whole, then without their body, then not at all. Whole days. */
export interface RetentionPolicy {
  /**
   * Days after which the body of a callback is dropped, and with it errors, warnings and remote
   * address: all that may be personal. Kind, stream, times and digests stay. 1 to 36500. Default: 90.
   */
  bodyDays?: number;
  /**
   * Days after which the whole row goes, with its deliveries. Until then a redelivery is known as a
   * duplicate, so at least 7, and not less than `bodyDays`; 36500 at most. Default: 365, or `bodyDays`
   * if that is longer.
   */
  rowDays?: number;
  /** Days after which counted refusals go. 1 to 36500. Default: 30. */
  rejectionDays?: number;
  /**
   * Days after which what nobody has reviewed (dead letters, unknown and quarantined callbacks) is
   * discarded by itself, with the actor `retention`, and purged like the rest: not less than
   * `bodyDays`. Default: never.
   */
  unreviewedDays?: number;
}

/**
 * Purges by itself. Off unless it is asked for, `{}` being enough: an audit log must not begin to
 * forget because a package was upgraded, and how long it may and must remember is for the owner of
 * the data to say, not for a library.
 */
export interface RetentionOptions extends RetentionPolicy {
  /** Minutes between two purges, 1 to 1440. Default: 60. */
  intervalMinutes?: number;
}
