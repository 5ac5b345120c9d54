import type { Logger } from 'typeorm';

/** A statement with its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A logger of TypeORM that keeps the queries of a stretch of time. */
export class StatementRecorder implements Logger {
  private recorded: Statement[] | undefined;

  /** @returns the queries that ran meanwhile, each text once */
  async during(work: () => Promise<unknown>): Promise<Statement[]> {
    const recorded: Statement[] = (this.recorded = []);
    await work();
    this.recorded = undefined;
    return [...new Map(recorded.map((statement) => [statement.sql, statement])).values()];
  }

  logQuery(sql: string, parameters: unknown[] = []): void {
    if (/^\s*select/i.test(sql)) this.recorded?.push({ sql, parameters });
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
