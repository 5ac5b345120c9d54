/** Keeps the latest items, oldest first. */
export class BoundedList<T> {
  private readonly kept: T[] = [];

  /** @param limit how many items are kept */
  constructor(private readonly limit: number) {}

  push(item: T): void {
    this.kept.push(item);
    if (this.kept.length > this.limit) this.kept.shift();
  }

  items(): readonly T[] {
    return [...this.kept];
  }
}
