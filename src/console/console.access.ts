import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import { AuditAccess, AuditDesk } from '../operations/api/audit.access.js';
import type { AuditConfig } from '../options/audit.config.js';
import type { SessionAccess } from '../sessions/api/session.access.js';
import { LiveSessions } from '../sessions/live-sessions.service.js';
import { LiveCallbackConsoleError } from './live-callback-console.error.js';
import type { LiveCallbackConsoleConfig } from './live-callback-console.options.js';

/** The API of the console: what a registration has, behind tokens and guards of its own. */
export class ConsoleAccess extends AuditAccess implements OnModuleInit, SessionAccess {
  readonly actor = 'console';
  readonly config: AuditConfig;
  desk!: AuditDesk;
  sessions!: LiveSessions;

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
      return;
    }
    const names = desks.map(({ config }) => `"${config.name}"`).join(', ');
    throw new LiveCallbackConsoleError(
      `The console shows one registration of LiveCallbackModule; say which: register({ registration: … }). There are ${names}.`,
    );
  }

  override get extras() {
    return { hasTemplates: this.options.templates !== null };
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
