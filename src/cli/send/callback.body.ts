import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import type { CallbackFields } from '../../testing/callback-fields.js';
import { UsageError } from '../cli.error.js';
import { parseValue } from '../parse-value.js';
import type { Terminal } from '../terminal.js';
import { builderOf, SENT_KINDS } from './kind-builders.js';
import type { SendOptions } from './send.options.js';

type Fields = Pick<
  SendOptions,
  'stream' | 'domain' | 'appName' | 'sequence' | 'set' | 'file' | 'unsigned'
>;

/** The spellings that the kinds have for one thing. */
const SPELLINGS = {
  stream: ['stream_id', 'streamId', 'channel_id', 'channelId'],
  domain: ['app', 'domain'],
  appName: ['appname', 'path'],
  sequence: ['sequence'],
} as const;

/** Makes the body of a kind, without `t` and `sign`; each call makes another event. */
export async function bodySource(
  kind: string,
  options: Fields,
  terminal: Terminal,
): Promise<() => CallbackFields> {
  const set = (options.set ?? []).map(parseField);
  const file = options.file === undefined ? undefined : await readBody(options.file, terminal);
  const builder = builderOf(kind);
  if (!builder && !file && !set.some(([name]) => name === 'event_type')) {
    throw new UsageError(
      `CSS has no kind "${kind}". Kinds: ${SENT_KINDS.join(', ')}. For a kind of your own say its number: --set event_type=402.`,
    );
  }
  return () => {
    const body = { ...(file ?? builder?.()) };
    for (const [option, spellings] of Object.entries(SPELLINGS)) {
      const value = options[option as keyof typeof SPELLINGS];
      if (value !== undefined) spread(kind, option, spellings, value, body);
    }
    return Object.assign(body, Object.fromEntries(set));
  };
}

function spread(
  kind: string,
  option: string,
  spellings: readonly string[],
  value: string,
  body: CallbackFields,
): void {
  const present = spellings.filter((name) => name in body);
  if (present.length === 0) {
    const flag = option === 'appName' ? 'app-name' : option;
    throw new UsageError(
      `A ${kind} callback has no field for --${flag}; name the field yourself: --set ${spellings[0]}=…`,
    );
  }
  for (const name of present) body[name] = value;
}

/** `field=value`, where the value is JSON if it can be. */
function parseField(given: string): [string, unknown] {
  const at = given.indexOf('=');
  if (at <= 0) throw new UsageError(`--set takes field=value, not "${given}".`);
  return [given.slice(0, at), parseValue(given.slice(at + 1))];
}

async function readBody(path: string, { streams }: Terminal): Promise<CallbackFields> {
  const name = path === '-' ? 'stdin' : path;
  let content: string;
  try {
    content = path === '-' ? await text(streams.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${name} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  let body: unknown;
  try {
    body = JSON.parse(content);
  } catch {
    // The error of the parser would quote the body.
    throw new UsageError(`${name} is not JSON.`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new UsageError(`${name} must hold one JSON object, the body of a callback.`);
  }
  // Those of whoever sent it first are secret, and replaced anyhow.
  const { t: _t, sign: _sign, ...fields } = body as CallbackFields;
  return fields;
}
