/** How a session hangs together. */
export interface SessionWindow {
  /**
   * How long a stream may be without a push before its session is over, seconds, 0 to 1800: an encoder that
   * comes back within it goes on with the same session. Default: 60.
   */
  reconnectWindowSeconds?: number;
}

/** How sessions are worked out. */
export interface SessionOptions extends SessionWindow {
  /**
   * How long a session may be live before the signal `alert` calls it stale, hours, 1 to 8760, where nobody
   * compares it with the cloud: its interruption may have been lost. Default: 24.
   */
  staleAfterHours?: number;
  /** Other windows, by push domain. Default: none. */
  domains?: Readonly<Record<string, SessionWindow>>;
}
