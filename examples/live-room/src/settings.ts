import { credentialsFromEnvironment, type TencentCredentials } from 'nestjs-live-callback/cloud';

/** What differs between a laptop, a test and production. */
export interface Settings {
  /** A `postgres://` URL, or the path of an SQLite file. */
  database: string;
  /** File in which `live-callback template` keeps the callback keys. */
  keyFile: string;
  /** How long a stream may be silent and still be the same broadcast, seconds. */
  reconnectWindowSeconds: number;
  /** Who may look at the console at `/console`; without a token there is none. */
  consoleToken?: string;
  /** The cloud API; a test or the emulator has an `endpoint` of its own. */
  cloud: { credentials: TencentCredentials; endpoint?: string };
}

export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  return {
    database: env.DATABASE_URL ?? 'data/live-room.db',
    keyFile: env.KEY_FILE ?? 'keys/keys.json',
    reconnectWindowSeconds: Number(env.RECONNECT_WINDOW_SECONDS ?? 60),
    consoleToken: env.CONSOLE_TOKEN,
    cloud: { credentials: credentialsFromEnvironment(env), endpoint: env.CLOUD_ENDPOINT },
  };
}
