import { CloudAnswerError } from '../api/cloud-answer.error.js';
import type { ReadAction } from '../api/edition.js';
import { AnswerRow } from './answer.row.js';

/** Calls an action, and gives its answer. */
export type Ask = (action: ReadAction, parameters: object) => Promise<AnswerRow>;

/** A list that is read page by page. */
export interface PagedList {
  readonly action: ReadAction;
  /** Besides the page. */
  readonly parameters: object;
  readonly pageSize: number;
  /** Name of the list in the answer. */
  readonly rows: string;
  /** What no two rows have in common; absent where rows may be alike. */
  readonly keyOf?: (row: AnswerRow) => string;
  /** Rows beyond which a list cannot be read. Default: none. */
  readonly reach?: number;
}

/** A list moves while it is read: it is read again so often before that is given up. */
const TRIES = 3;

/**
 * Reads a list as a whole, or not at all: every page must give the same total, and all of them together as
 * many rows, none of them twice.
 *
 * @returns null for a list with more rows than can be reached
 * @throws CloudApiError, CloudAnswerError
 */
export async function readWhole(ask: Ask, list: PagedList): Promise<AnswerRow[] | null> {
  for (let left = TRIES; left > 0; left--) {
    const rows = await tryToRead(ask, list);
    if (rows !== 'moved') return rows;
  }
  throw new CloudAnswerError(list.action, 'has pages that do not make a whole list');
}

async function tryToRead(ask: Ask, list: PagedList): Promise<AnswerRow[] | null | 'moved'> {
  const { action, parameters, pageSize, reach = Infinity } = list;
  const rows: AnswerRow[] = [];
  for (let page = 1, total = Infinity; rows.length < total; page++) {
    const answer = await ask(action, { ...parameters, PageNum: page, PageSize: pageSize });
    const count = answer.count('TotalNum');
    if (count > reach) return null;
    if (page > 1 && count !== total) return 'moved';
    total = count;
    const found = answer.rows(list.rows);
    rows.push(...found);
    if (found.length < pageSize && rows.length < total) return 'moved';
    if (rows.length > total) return 'moved';
  }
  const { keyOf } = list;
  return keyOf && new Set(rows.map(keyOf)).size < rows.length ? 'moved' : rows;
}
