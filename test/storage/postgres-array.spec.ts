/** Arrays as text for PostgreSQL: it reads exactly what was meant, whatever the values hold. */
import * as fc from 'fast-check';
import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';

import { arrayOf, plainArrayOf } from '../../src/storage/sql/postgres.array.js';
import { DATABASES } from '../support/databases.js';

const { isAbsent, create } = DATABASES.find(({ name }) => name === 'PostgreSQL')!;

async function connect(): Promise<DataSource> {
  const database = await create();
  const dataSource = await new DataSource(database.options).initialize();
  onTestFinished(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  return dataSource;
}

async function read(dataSource: DataSource, type: string, text: string): Promise<unknown> {
  const [row] = await dataSource.query<{ values: unknown }[]>(`SELECT $1::${type}[] AS values`, [
    text,
  ]);
  return row?.values;
}

describe.skipIf(isAbsent)('an array that PostgreSQL reads', () => {
  const TEXTS = [
    '',
    'NULL',
    'null',
    ' spaces ',
    'a,b',
    '{}',
    '{"a":"b\\"c\\\\d"}',
    '"',
    '\\',
    '\\n',
    'line\nbreak\r\n\ttab\bback\fform\u0001\u001f\u007f\u009f',
    '名字 \u2028 🎥 e\u0301',
    null,
  ];

  it('holds every text as it was, and null apart from "NULL"', async () => {
    const dataSource = await connect();
    expect(
      await read(
        dataSource,
        'text',
        arrayOf(TEXTS, (text) => text),
      ),
    ).toEqual(TEXTS);
  });

  it('holds any text without NUL', async () => {
    const dataSource = await connect();
    const text = fc
      .string({ unit: 'binary' })
      .map((raw) => raw.toWellFormed().replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1 }), async (texts) => {
        expect(
          await read(
            dataSource,
            'text',
            arrayOf(texts, (value) => value),
          ),
        ).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });

  it('holds the replacement character for a lone surrogate, and no escape', async () => {
    const dataSource = await connect();
    const stored = read(
      dataSource,
      'text',
      arrayOf(['a\ud800b'], (text) => text),
    );
    // As the driver writes it in any other parameter.
    expect(await stored).toEqual(['a\ufffdb']);
  });

  it('holds numbers, flags, ids and digests without quotes', async () => {
    const dataSource = await connect();
    const id = '0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b';
    expect(
      await read(
        dataSource,
        'uuid',
        plainArrayOf([id, null], (value) => value),
      ),
    ).toEqual([id, null]);
    expect(
      await read(
        dataSource,
        'int',
        plainArrayOf([1, -2, null], (value) => value),
      ),
    ).toEqual([1, -2, null]);
    expect(
      await read(
        dataSource,
        'bool',
        plainArrayOf([true, false], (value) => value),
      ),
    ).toEqual([true, false]);
    const digest = 'mB2-x_9aQ';
    expect(
      await read(
        dataSource,
        'text',
        plainArrayOf([digest], (value) => value),
      ),
    ).toEqual([digest]);
  });

  it('may be empty', async () => {
    const dataSource = await connect();
    expect(
      await read(
        dataSource,
        'text',
        arrayOf([], () => null),
      ),
    ).toEqual([]);
    expect(
      await read(
        dataSource,
        'uuid',
        plainArrayOf([], () => null),
      ),
    ).toEqual([]);
  });
});
