/**
 * Runs the work of one listener: the tasks of a stream one after the other, in the order in which
 * they came, and different streams side by side up to a bound.
 */
export class ListenerQueue<T> {
  private readonly lanes = new Map<string, T[]>();
  private readonly ready: string[] = [];
  private running = 0;

  /** @param run must not reject */
  constructor(
    private readonly run: (task: T) => Promise<void>,
    private readonly concurrency: number,
  ) {}

  push(streamKey: string, task: T): void {
    const lane = this.lanes.get(streamKey);
    if (lane) {
      lane.push(task);
      return;
    }
    this.lanes.set(streamKey, [task]);
    this.ready.push(streamKey);
    this.pump();
  }

  private pump(): void {
    while (this.running < this.concurrency && this.ready.length > 0) {
      this.running++;
      void this.runNext(this.ready.shift() as string);
    }
  }

  private async runNext(streamKey: string): Promise<void> {
    const lane = this.lanes.get(streamKey) as T[];
    await this.run(lane[0] as T);
    lane.shift();
    // To the back of the line after each task, so that a busy stream does not starve the others.
    if (lane.length > 0) this.ready.push(streamKey);
    else this.lanes.delete(streamKey);
    this.running--;
    this.pump();
  }
}
