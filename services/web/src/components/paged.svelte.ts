/** A list that the API gives page by page. */

import { Resource } from "./resource.svelte";

interface PageOf<T> {
  items: T[];
  next: string | null;
}

export class Paged<T> {
  private readonly page = new Resource<PageOf<T>>();
  private ask: ((after: string | null, signal: AbortSignal) => Promise<PageOf<T>>) | null = null;

  get items(): readonly T[] {
    return this.page.value?.items ?? [];
  }

  get more(): boolean {
    return this.page.value?.next != null;
  }

  get loading(): boolean {
    return this.page.loading;
  }

  get error(): unknown {
    return this.page.error;
  }

  get loaded(): boolean {
    return this.page.value !== null;
  }

  /** Begins anew with another question. */
  load(ask: (after: string | null, signal: AbortSignal) => Promise<PageOf<T>>): void {
    this.ask = ask;
    this.page.load((signal) => ask(null, signal));
  }

  loadMore(): void {
    const { ask } = this;
    const before = this.page.value;
    if (ask === null || before?.next == null) return;
    this.page.load(async (signal) => {
      const next = await ask(before.next, signal);
      return { items: [...before.items, ...next.items], next: next.next };
    });
  }

  close(): void {
    this.page.close();
  }

  /** Changes items that are already there. */
  change(change: (item: T) => T): void {
    const page = this.page.value;
    if (page !== null) this.page.value = { ...page, items: page.items.map(change) };
  }
}
