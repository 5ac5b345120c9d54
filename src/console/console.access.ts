import type { OnModuleInit } from '@nestjs/common';
import { ModulesContainer, type ModuleRef } from '@nestjs/core';

import { SharedAnswer } from '../common/shared.answer.js';
import { AuditAccess, AuditDesk } from '../operations/api/audit.access.js';
import type { AuditConfig } from '../options/audit.config.js';
import type { SessionAccess } from '../sessions/api/session.access.js';
import { LiveSessions } from '../sessions/live-sessions.service.js';
import { SessionComparison } from '../sessions/session.comparison.js';
import { LiveCallbackConsoleError } from './live-callback-console.error.js';
import type { LiveCallbackConsoleConfig } from './live-callback-console.options.js';

/** How old the counts of the last day may be, ms: each page asks every five seconds, whoever else does. */
const DAY_FRESH_MS = 10_000;

/** The API of the console: what a registration has, behind tokens and guards of its own. */
export class ConsoleAccess extends AuditAccess implements OnModuleInit, SessionAccess {
  readonly actor = 'console';
  readonly config: AuditConfig;
  desk!: AuditDesk;
  sessions!: LiveSessions;
  /** Null where nobody compares the registration with what the cloud knows. */
  comparison: SessionComparison | null = null;

  private readonly day = new SharedAnswer(() => super.lastDay());

  constructor(
    private readonly options: LiveCallbackConsoleConfig,
    private readonly modules: ModuleRef,
  ) {
    super();
    this.config = options.audit;
  }

  /** @throws LiveCallbackConsoleError when there is no registration to show, or more than one */
  onModuleInit(): void {
    const desks = this.desks();
    const { registration } = this.options;
    const fitting = desks.filter(
      ({ config }) => registration === undefined || config.name === registration,
    );
    if (fitting.length === 1) {
      this.desk = fitting[0] as AuditDesk;
      const { name } = this.desk.config;
      const all = this.modules.get(LiveSessions, { strict: false, each: true });
      this.sessions = all.find((sessions) => sessions.registration === name) as LiveSessions;
      this.comparison = this.comparisonOf(name);
      return;
    }
    const names = desks.map(({ config }) => `"${config.name}"`).join(', ');
    throw new LiveCallbackConsoleError(
      `The console shows one registration of LiveCallbackModule; say which: register({ registration: … }). There are ${names}.`,
    );
  }

  override lastDay() {
    return this.day.get(DAY_FRESH_MS);
  }

  override get extras() {
    return {
      hasTemplates: this.options.templates !== null,
      hasReconciliation: this.comparison !== null,
    };
  }

  private comparisonOf(registration: string): SessionComparison | null {
    for (const { providers } of this.modules.get(ModulesContainer, { strict: false }).values()) {
      const found = providers.get(SessionComparison)?.instance;
      if (found instanceof SessionComparison && found.registration === registration) return found;
    }
    return null;
  }

  private desks(): AuditDesk[] {
    try {
      return this.modules.get(AuditDesk, { strict: false, each: true });
    } catch (cause) {
      throw new LiveCallbackConsoleError(
        'The console shows what LiveCallbackModule has stored, which is not imported: add LiveCallbackModule.forRoot({ … }) to the imports.',
        { cause },
      );
    }
  }
}
