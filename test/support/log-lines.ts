import type { LoggerService } from '@nestjs/common';

/** Keeps what an application logs: `application: { logger: new LogLines() }`. */
export class LogLines implements LoggerService {
  readonly lines: string[] = [];

  log = this.keep('log');
  error = this.keep('error');
  warn = this.keep('warn');
  debug = this.keep('debug');
  verbose = this.keep('verbose');
  fatal = this.keep('fatal');

  /** Lines of a level, without it. */
  of(level: 'log' | 'warn' | 'error'): string[] {
    const prefix = `${level} `;
    return this.lines
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length));
  }

  /** Everything, as one text. */
  get text(): string {
    return this.lines.join('\n');
  }

  private keep(level: string) {
    return (message: unknown, ...rest: unknown[]): void => {
      // The last parameter is the context, such as LiveCallback.
      const parts = [message, ...rest.slice(0, -1)];
      this.lines.push(`${level} ${parts.map(String).join(' ')}`);
    };
  }
}
