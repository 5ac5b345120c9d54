import type { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';

import { runMigrationsLocked } from '../../migrations/migration.runner.js';
import { StorageSetupError } from '../../storage.error.js';
import { findingsText, type EnvironmentFinding } from './environment.finding.js';
import { lookAtEnvironment } from './look-at-environment.js';
import { missingTables } from './tables.js';

/** What a look is about. */
export interface EnvironmentOptions {
  readonly runMigrations: boolean;
  /** Largest body, bytes. */
  readonly bodyLimit: number;
}

/** Knows what the database of the callbacks lacks, says so, and brings back its tables. */
export class EnvironmentWatch {
  private findings: readonly EnvironmentFinding[] = [];
  private said: string | undefined;

  constructor(
    private readonly options: EnvironmentOptions,
    private readonly logger: Logger,
  ) {}

  /** Codes of what the latest look has found. */
  get codes(): readonly string[] {
    return this.findings.map(({ code }) => code);
  }

  /**
   * Looks before the first callback.
   *
   * @throws StorageSetupError when some callbacks could never be stored, with the fix
   */
  async begin(dataSource: DataSource): Promise<void> {
    this.findings = await lookAtEnvironment(dataSource, this.options.bodyLimit);
    const broken = this.findings.filter(({ severity }) => severity === 'broken');
    if (broken.length > 0) throw new StorageSetupError(findingsText(broken));
    this.say();
    await this.bring(dataSource, this.options.runMigrations);
  }

  /**
   * Looks after a failure. What is broken then is said, and may still let other callbacks pass.
   *
   * @throws StorageSetupError when tables are missing that the host has to make
   */
  async again(dataSource: DataSource): Promise<void> {
    this.findings = await lookAtEnvironment(dataSource, this.options.bodyLimit);
    this.say();
    await this.bring(dataSource, false);
  }

  /** Says what is new. */
  private say(): void {
    const text = findingsText(this.findings);
    if (text === this.said) return;
    if (text === '') this.logger.log('The settings of the database endanger no callback.');
    else this.logger.warn(`In the database: ${text}`);
    this.said = text;
  }

  /** @param migrate whether migrations that have not run yet are to */
  private async bring(dataSource: DataSource, migrate: boolean): Promise<void> {
    const gone = await (migrate ? runMigrationsLocked : missingTables)(dataSource);
    if (gone.length === 0) return;
    const names = gone.join(', ');
    if (!this.options.runMigrations) {
      throw new StorageSetupError(
        `The tables of nestjs-live-callback are not usable: ${names} missing. Run LIVE_CALLBACK_MIGRATIONS first, or leave out runMigrations: false.`,
      );
    }
    this.logger.error(
      `Tables that had been there are gone: ${names}. They are made anew, and what was in them is lost. Keep synchronize(true), dropSchema and dropDatabase() away from them.`,
    );
    if (!migrate) await runMigrationsLocked(dataSource);
  }
}
