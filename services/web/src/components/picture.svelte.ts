/** Loads pictures one after another; picture, boxes and caption change together, so that none is shown with another's. */

import { ApiError } from "../api/http";
import { fetchImage } from "../api/images";
import type { Box } from "../api/defects";

export interface PictureBox {
  id: string;
  label: string;
  confidence: number;
  box: Box;
  disposition: string | null;
}

export interface Picture {
  /** Same key, same picture: it is not loaded again. */
  key: string;
  path: string;
  title: string;
  note: string | null;
  at: string;
  boxes: readonly PictureBox[];
  /** Pixels of the frame that the boxes refer to; null: the image's own size. */
  size: { width: number; height: number } | null;
}

export interface ShownPicture extends Picture {
  url: string;
  loadedAt: number;
}

/** An image reaches the database a moment after its inspection reaches the page. */
const PATIENCE_MS = [150, 300, 600, 1_200, 2_400, 4_000];

export class PictureLoader {
  shown = $state.raw<ShownPicture | null>(null);
  /** The wanted picture that could not be had. */
  missing = $state.raw<Picture | null>(null);

  private wanted: Picture | null = null;
  private busy = false;
  private stop = new AbortController();
  private wake: (() => void) | null = null;

  want(picture: Picture | null): void {
    if (picture?.key === this.wanted?.key) return;
    this.wanted = picture;
    this.wake?.();
    if (picture === null) this.show(null);
    if (!this.busy && picture !== null) void this.work();
  }

  /** Frees the image's memory; the loader is of no further use. */
  close(): void {
    this.wanted = null;
    this.stop.abort();
    this.wake?.();
    this.show(null);
  }

  private async work(): Promise<void> {
    this.busy = true;
    let done: Picture | null = null;
    while (this.wanted !== null && this.wanted.key !== done?.key) {
      done = this.wanted;
      await this.load(done);
    }
    this.busy = false;
  }

  private async load(picture: Picture): Promise<void> {
    for (const pause of [...PATIENCE_MS, null]) {
      try {
        const blob = await fetchImage(picture.path, this.stop.signal);
        this.show({ ...picture, url: URL.createObjectURL(blob), loadedAt: Date.now() });
        return;
      } catch (error) {
        if (!(error instanceof ApiError)) return;
        if (pause === null || (error.status !== 404 && error.status !== 0 && error.status < 500)) break;
        await this.pause(pause);
      }
      if (this.wanted?.key !== picture.key) return;
    }
    this.missing = picture;
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private show(next: ShownPicture | null): void {
    if (this.stop.signal.aborted && next !== null) URL.revokeObjectURL(next.url);
    const before = this.shown;
    this.shown = this.stop.signal.aborted ? null : next;
    this.missing = null;
    if (before !== null) URL.revokeObjectURL(before.url);
  }
}
