/**
 * One request at a time, always for the latest wish: while one is under way newer wishes replace each other, and
 * the last is sent when the answer is there. A dragged threshold so shows numbers as fast as the server counts.
 */
export class LatestOnly<Wish, Answer> {
  private running = false;
  private wish: { value: Wish } | null = null;

  constructor(
    private readonly ask: (wish: Wish) => Promise<Answer>,
    private readonly onAnswer: (answer: Answer, wish: Wish) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  want(value: Wish): void {
    this.wish = { value };
    if (!this.running) void this.run();
  }

  /** Forget what has not been answered; an answer under way is not delivered. */
  cancel(): void {
    this.wish = null;
    this.generation += 1;
  }

  private generation = 0;

  private async run(): Promise<void> {
    this.running = true;
    while (this.wish) {
      const { value } = this.wish;
      const { generation } = this;
      this.wish = null;
      try {
        const answer = await this.ask(value);
        if (generation === this.generation) this.onAnswer(answer, value);
      } catch (error) {
        if (generation === this.generation) this.onError(error);
      }
    }
    this.running = false;
  }
}
