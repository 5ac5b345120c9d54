const SIZE = 10;

/** Counts what is wrong, and keeps the first examples for the report. */
export class Sample {
  count = 0;
  readonly examples: string[] = [];

  add(describe: () => string): void {
    if (this.count++ < SIZE) this.examples.push(describe());
  }
}
