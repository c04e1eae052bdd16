/** Something asked from the API: loading, there, or failed. A newer question makes the older answer worthless. */

import { untrack } from "svelte";

export class Resource<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  private question = new AbortController();

  load(ask: (signal: AbortSignal) => Promise<T>): void {
    untrack(() => void this.run(ask));
  }

  /** Nobody waits for the answer any more. */
  close(): void {
    this.question.abort();
  }

  private async run(ask: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.question.abort();
    const question = new AbortController();
    this.question = question;
    this.loading = true;
    try {
      const value = await ask(question.signal);
      if (!question.signal.aborted) [this.value, this.error] = [value, null];
    } catch (error) {
      if (!question.signal.aborted) this.error = error;
    } finally {
      if (this.question === question) this.loading = false;
    }
  }
}
