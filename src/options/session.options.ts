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
  /** Other windows, by push domain. Default: none. */
  domains?: Readonly<Record<string, SessionWindow>>;
}
