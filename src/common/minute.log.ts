import type { Logger } from '@nestjs/common';

const MINUTE_MS = 60_000;
/** Reasons are few; should they not be, the memory of them has an end. */
const MAX_REASONS = 100;

/** Says the same thing once a minute, however often it happens: anybody can make it happen. */
export class MinuteLog {
  private readonly saidAt = new Map<string, number>();

  constructor(private readonly logger: Logger) {}

  /** @param reason what makes two messages the same */
  warn(reason: string, message: () => string): void {
    if (this.isNews(reason)) this.logger.warn(message());
  }

  /** @param reason what makes two messages the same */
  error(reason: string, message: () => string): void {
    if (this.isNews(reason)) this.logger.error(message());
  }

  private isNews(reason: string): boolean {
    const now = performance.now();
    if (now - (this.saidAt.get(reason) ?? -Infinity) < MINUTE_MS) return false;
    if (this.saidAt.size >= MAX_REASONS) this.saidAt.clear();
    this.saidAt.set(reason, now);
    return true;
  }
}
