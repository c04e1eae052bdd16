/** The newest live image of each camera that something on the page watches; the server sends no others. */

import { cameraKey, decodeFrame, type LiveFrame } from "./frame";

export class LiveFrames {
  newest = $state.raw<Readonly<Record<string, LiveFrame>>>({});
  private readonly watchers = new Map<string, number>();
  private asking = false;
  private asked = "";

  constructor(private readonly ask: () => void) {}

  get wanted(): readonly string[] {
    return [...this.watchers.keys()].sort();
  }

  /** Begins to watch cameras of a station; the answer ends it. */
  watch(station: string, cameras: readonly string[]): () => void {
    const keys = cameras.map((camera) => cameraKey(station, camera));
    for (const key of keys) this.add(key, 1);
    return () => {
      for (const key of keys) this.add(key, -1);
    };
  }

  receive(message: ArrayBuffer): void {
    const frame = decodeFrame(message);
    if (frame !== null) this.newest = { ...this.newest, [cameraKey(frame.station, frame.camera)]: frame };
  }

  /** Several cards come and go in one step of the page: the server is asked once for all of them. */
  private add(key: string, change: 1 | -1): void {
    const watchers = (this.watchers.get(key) ?? 0) + change;
    if (watchers > 0) this.watchers.set(key, watchers);
    else this.watchers.delete(key);
    if (this.asking) return;
    this.asking = true;
    setTimeout(() => {
      this.asking = false;
      if (this.wanted.join() === this.asked) return;
      this.asked = this.wanted.join();
      this.ask();
    });
  }
}
