/** An answer that costs much: whoever asks within a while of somebody else gets the same one. */
export class SharedAnswer<T> {
  private latest: { readonly at: number; readonly answer: Promise<T> } | undefined;

  constructor(private readonly ask: () => Promise<T>) {}

  /**
   * @param freshMs how old the answer may be, ms
   * @throws whatever asking throws; that is shared by those who wait for it, and not kept
   */
  get(freshMs: number): Promise<T> {
    const { latest } = this;
    const now = performance.now();
    if (latest && now - latest.at <= freshMs) return latest.answer;
    const answer = this.ask();
    this.latest = { at: now, answer };
    answer.catch(() => {
      if (this.latest?.answer === answer) this.latest = undefined;
    });
    return answer;
  }
}
