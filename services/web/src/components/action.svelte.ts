/** Something that a person does: once at a time, and under one key however often it is tried again. */

import { newKey } from "../api/http";

export class Action {
  busy = $state(false);
  error = $state.raw<unknown>(null);
  private pending: { what: string; key: string } | null = null;

  /** Does `work`; the same `what` after a failure is the same action tried again. Returns whether it was done. */
  async run(what: string, work: (key: string) => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    if (this.pending?.what !== what) this.pending = { what, key: newKey() };
    this.busy = true;
    this.error = null;
    try {
      await work(this.pending.key);
      this.pending = null;
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
