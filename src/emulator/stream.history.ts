/** One push of a stream, from its start to its end. */
export interface EmulatedSession {
  /** Account APPID. */
  readonly appId: number;
  /** Push domain. */
  readonly domain: string;
  /** Push path (AppName). */
  readonly appName: string;
  readonly streamName: string;
  /** Identifies the push, as in its callbacks. */
  readonly sequence: string;
  /** Whether it was pushed beside another one of the same name. */
  readonly backup: boolean;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Unix milliseconds; null while the stream runs. */
  readonly endedAt: number | null;
  /** IP address of the pusher. */
  readonly clientIp: string;
  /** IP address of the ingest node. */
  readonly serverIp: string;
  /** Query string of the push URL. May contain push credentials. */
  readonly streamParam: string;
  /** Video width, px. */
  readonly width: number;
  /** Video height, px. */
  readonly height: number;
  /** Reason of the interruption; null while the stream runs. */
  readonly errcode: number | null;
  /** The same for people; null while the stream runs. */
  readonly errmsg: string | null;
}

/** One request of the sender, and what came of it. */
export interface CallbackAttempt {
  readonly id: string;
  /** What the attempts of one callback share. */
  readonly callbackId: string;
  /** Kind of the URL that it went to. */
  readonly kind: string;
  readonly eventType: number;
  /** Push domain. */
  readonly domain: string;
  /** Push path (AppName). */
  readonly appName: string;
  readonly streamName: string;
  /** Push that the callback belongs to. */
  readonly sequence: string;
  /** Without credentials and query string, which may hold a token. */
  readonly url: string;
  /** When it was sent, Unix milliseconds. */
  readonly at: number;
  /** When it was answered or given up, Unix milliseconds. */
  readonly endedAt: number;
  /** As sent. The body holds the signature: not for logs. */
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** Of the answer; null when there was none. */
  readonly status: number | null;
  /** Body of the answer, at most 4096 characters of it. */
  readonly answer: string;
  /** Why there was no answer; null when there was one. */
  readonly error: string | null;
  /** Whether the sender took the answer as success. */
  readonly isAcknowledged: boolean;
  /** 0 for the first attempt. */
  readonly retry: number;
  /** Unix milliseconds; null when there is no further attempt. */
  readonly nextAttemptAt: number | null;
}

/** What has happened so far, oldest first. The read actions of the API answer from it. */
export interface StreamHistory {
  /** Pushes that run, and the latest that have ended. */
  sessions(): readonly EmulatedSession[];
  /** The latest attempts. */
  attempts(): readonly CallbackAttempt[];
}
