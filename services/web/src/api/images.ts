import { address, ask } from "./http";

export const framePath = (frameId: string) => address(`/images/${encodeURIComponent(frameId)}`);

/** An image asked for with the session's token, which an `<img src>` cannot send. */
export async function fetchImage(path: string, signal: AbortSignal): Promise<Blob> {
  return (await ask(path, { signal })).blob();
}
