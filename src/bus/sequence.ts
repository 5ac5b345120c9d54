/** Runs steps one after the other, in the order in which they were asked for. */
export class Sequence {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the step does; a step that failed does not hold up the later ones. */
  run<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.last.then(step);
    this.last = turn.catch(() => {});
    return turn;
  }
}
