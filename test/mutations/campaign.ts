/** Sends mutants to a host of its own, and compares what was sent with what is stored. */
import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';

import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type DataSourceOptions } from 'typeorm';

import { LiveCallback, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { whenListenersDone } from '../../src/testing/index.js';
import { KEY, startHost, type Host } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { mutantOf, type Mutant } from './mutate.js';

export interface CampaignOptions {
  readonly database: DataSourceOptions;
  readonly seed: number;
  readonly count: number;
  /** Connections that send at the same time. Default: 64. */
  readonly connections?: number;
  /** Told now and then how many have been answered. */
  readonly onProgress?: (answered: number) => void;
}

/** What became of a campaign. */
export interface Figures {
  readonly sent: number;
  readonly accepted: number;
  readonly quarantined: number;
  readonly unknown: number;
  /** Sent again, with the same meaning as one before. */
  readonly duplicates: number;
  /** Answered with 200, and neither stored nor the same as a stored one. */
  readonly lost: number;
  readonly errors: number;
  /** Quarantined ones of 100 that were sent. */
  readonly quarantinedPercent: number;
}

export interface Report {
  readonly figures: Figures;
  /** Why callbacks were quarantined, and how many for that. */
  readonly reasons: ReadonlyMap<string, number>;
  /** What went wrong, the first of it. */
  readonly problems: readonly string[];
}

const PROGRESS_EVERY = 10_000;
const PAGE = 1_000;
/** Quarantined ones of 100, at most: only an unreadable stream or task keeps a callback from its listeners. */
export const MAX_QUARANTINED_PERCENT = 12;
const ON_STREAM_OR_TASK = /^(stream_id|streamId|task_id) /;
const MAX_PROBLEMS = 20;
/** CSS signs for 600 s; long campaigns take the time anew. */
const LIFETIME_SECONDS = 600;

@Injectable()
class EventCounter {
  /** How often each callback reached the listener, and as what. */
  readonly kinds = new Map<string, string[]>();

  @OnLiveEvent('*')
  onEvent({ id, kind }: LiveEvent): void {
    this.kinds.set(id, [...(this.kinds.get(id) ?? []), kind]);
  }
}

/** What went wrong: all of it counted, the first of it kept. */
class Problems {
  readonly first: string[] = [];
  count = 0;

  add(problem: string): void {
    if (this.count++ < MAX_PROBLEMS) this.first.push(problem);
  }
}

/** What was sent: digests, because hundreds of thousands of bodies would fill the memory. */
interface Sent {
  /** From the digest of a body to that of its meaning. */
  readonly meanings: Map<string, string>;
  /** From the digest of a meaning to the index of the mutant that had it last. */
  readonly indexes: Map<string, number>;
  count: number;
}

export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const logger = new LogLines();
  const host = await startHost({
    database: options.database,
    module: { providers: [EventCounter] },
    application: { logger },
  });
  const problems = new Problems();
  try {
    const sent = await sendAll(host, options, problems);
    await whenListenersDone(host.app);
    const stored = await compare(host, sent, problems);
    for (const line of logger.of('error')) problems.add(`logged: ${line}`);
    const { lost, reasons, ...states } = stored;
    const quarantinedPercent = (100 * states.quarantined) / sent.count;
    if (quarantinedPercent > MAX_QUARANTINED_PERCENT) {
      problems.add(
        `${quarantinedPercent} % were quarantined, not ${MAX_QUARANTINED_PERCENT} at most`,
      );
    }
    const figures = {
      sent: sent.count,
      ...states,
      lost: lost.length,
      errors: problems.count,
      quarantinedPercent: Math.round(quarantinedPercent * 10) / 10,
    };
    const losses = lost
      .slice(0, MAX_PROBLEMS)
      .map((index) => `seed ${options.seed} index ${index}: lost`);
    return { figures, reasons, problems: [...problems.first, ...losses] };
  } finally {
    await host.close();
  }
}

/** The line that a campaign ends with. */
export function lineOf(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

async function sendAll(host: Host, options: CampaignOptions, problems: Problems): Promise<Sent> {
  const { seed, count, connections = 64, onProgress } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const sent: Sent = { meanings: new Map(), indexes: new Map(), count: 0 };
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      const t = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
      const mutant = mutantOf(seed, index, KEY, t);
      const meaning = digestOf(mutant.meaning);
      sent.meanings.set(digestOf(mutant.body), meaning);
      sent.indexes.set(meaning, index);
      const answer = await post(host.url, agent, mutant, index).catch(String);
      if (answer !== '200 {"code":0}') problems.add(`seed ${seed} index ${index}: ${answer}`);
      if (++sent.count % PROGRESS_EVERY === 0) onProgress?.(sent.count);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return sent;
}

/** Every third goes to the URL of its sample's kind, the others to the one for all. */
function post(url: string, agent: Agent, { body, kind }: Mutant, index: number): Promise<string> {
  const path = index % 3 === 0 ? `/live-callback/${kind}` : '/live-callback';
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url + path,
      {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': bytes.length },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(`${response.statusCode} ${text}`)).on('error', reject);
      },
    );
    outgoing.on('error', reject).end(bytes);
  });
}

async function compare(host: Host, sent: Sent, problems: Problems) {
  const states = { accepted: 0, quarantined: 0, unknown: 0, discarded: 0, reconciled: 0 };
  const storedMeanings = new Set<string>();
  const reasons = new Map<string, number>();
  const { kinds } = host.app.get(EventCounter);
  let rows = 0;
  let copies = 0;
  for await (const row of storedCallbacks(host.app.get(DataSource, { strict: false }))) {
    const meaning = sent.meanings.get(digestOf(row.body!));
    if (meaning === undefined) problems.add(`${row.id}: the stored body was never sent`);
    else storedMeanings.add(meaning);
    rows++;
    copies += row.receiptsCount;
    states[row.state]++;
    const expected = row.state === 'quarantined' ? [] : [row.kind];
    const delivered = kinds.get(row.id) ?? [];
    if (String(delivered) !== String(expected)) {
      problems.add(`${row.id}: ${row.state} ${row.kind} was delivered as [${String(delivered)}]`);
    }
    for (const reason of row.errors ?? []) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if ((row.state === 'quarantined') !== (row.errors !== null)) {
      problems.add(`${row.id}: ${row.state} with errors ${JSON.stringify(row.errors)}`);
    }
  }
  for (const reason of reasons.keys()) {
    if (!ON_STREAM_OR_TASK.test(reason)) problems.add(`quarantined for another reason: ${reason}`);
  }
  if (copies !== sent.count) problems.add(`${sent.count} sent, but ${copies} copies counted`);
  const lost = [...sent.indexes]
    .filter(([meaning]) => !storedMeanings.has(meaning))
    .map(([, index]) => index);
  return { ...states, duplicates: sent.count - rows, lost, reasons };
}

async function* storedCallbacks(dataSource: DataSource): AsyncGenerator<LiveCallback> {
  const repository = dataSource.getRepository(LiveCallback);
  for (let last = '00000000-0000-0000-0000-000000000000'; ;) {
    const page = await repository.find({
      where: { id: MoreThan(last) },
      order: { id: 'ASC' },
      take: PAGE,
    });
    yield* page;
    if (page.length < PAGE) return;
    last = (page.at(-1) as LiveCallback).id;
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
