import { address, ask } from "./http";

export const framePath = (frameId: string) => address(`/images/${encodeURIComponent(frameId)}`);

export const livePath = (station: string, camera: string) =>
  address(`/live/${encodeURIComponent(station)}/${encodeURIComponent(camera)}`);

/** An image asked for with the session's token, which an `<img src>` cannot send. */
export async function fetchImage(path: string, signal: AbortSignal): Promise<Blob> {
  return (await ask(path, { signal })).blob();
}
