/**
 * Runs the work of one listener: the tasks of a lane one after the other, in the order in which they
 * came, and different lanes side by side up to a bound. A task that must be tried again holds up its
 * lane, but nobody else.
 */
export class ListenerQueue<T> {
  private readonly lanes = new Map<string, T[]>();
  private readonly ready: string[] = [];
  private readonly pauses = new Set<NodeJS.Timeout>();
  private readonly active = new Set<T>();
  private isStopped = false;

  /** @param run must not reject; resolves to the pause before the next try, ms, or to null when done */
  constructor(
    private readonly run: (task: T) => Promise<number | null>,
    private readonly concurrency: number,
  ) {}

  push(laneKey: string, task: T): void {
    const lane = this.lanes.get(laneKey);
    if (lane) {
      lane.push(task);
      return;
    }
    this.lanes.set(laneKey, [task]);
    this.ready.push(laneKey);
    this.pump();
  }

  /** Whether nothing runs and nothing could: what is left waits for a later attempt. */
  get isIdle(): boolean {
    return this.active.size === 0 && (this.isStopped || this.ready.length === 0);
  }

  /** Starts nothing more. @returns the tasks that are not running */
  stop(): T[] {
    this.isStopped = true;
    for (const pause of this.pauses) clearTimeout(pause);
    return [...this.lanes.values()].flat().filter((task) => !this.active.has(task));
  }

  private pump(): void {
    while (!this.isStopped && this.active.size < this.concurrency && this.ready.length > 0) {
      void this.runNext(this.ready.shift() as string);
    }
  }

  private async runNext(laneKey: string): Promise<void> {
    const lane = this.lanes.get(laneKey) as T[];
    const task = lane[0] as T;
    this.active.add(task);
    const pause = await this.run(task);
    this.active.delete(task);
    if (pause !== null) {
      this.resumeAfter(pause, laneKey);
    } else {
      lane.shift();
      // To the back of the line after each task, so that a busy lane does not starve the others.
      if (lane.length > 0) this.ready.push(laneKey);
      else this.lanes.delete(laneKey);
    }
    this.pump();
  }

  private resumeAfter(pause: number, laneKey: string): void {
    if (this.isStopped) return;
    const timer = setTimeout(() => {
      this.pauses.delete(timer);
      this.ready.push(laneKey);
      this.pump();
    }, pause);
    this.pauses.add(timer);
  }
}
