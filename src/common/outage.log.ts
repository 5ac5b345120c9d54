import type { Logger } from '@nestjs/common';

/** Says once that something fails, however often it is tried, and once that it works again. */
export class OutageLog {
  private saidAt = -Infinity;
  private hasFailed = false;

  /** @param remindMs after how long it is said again that it still fails, ms. Default: never. */
  constructor(
    private readonly logger: Logger,
    private readonly remindMs = Infinity,
  ) {}

  /** Whether the latest that is known is a failure. */
  get lasts(): boolean {
    return this.hasFailed;
  }

  failed(message: () => string): void {
    const isNew = !this.hasFailed;
    this.hasFailed = true;
    if (!isNew && performance.now() - this.saidAt < this.remindMs) return;
    this.saidAt = performance.now();
    this.logger.error(message());
  }

  /** @param message what to say when it had failed before; nothing where it is left out */
  works(message?: () => string): void {
    if (this.hasFailed && message) this.logger.log(message());
    this.hasFailed = false;
  }
}
