/** Images of the gallery, each fetched once while some card shows it. */

import { fetchImage, framePath } from "../api/images";

interface Held {
  users: number;
  address: Promise<string | null>;
  stop: AbortController;
}

const held = new Map<string, Held>();

/** Resolves to an address for an `<image>`, or null when the frame is not stored. Give it back with `release`. */
export function hold(frameId: string): Promise<string | null> {
  const known = held.get(frameId);
  if (known) {
    known.users += 1;
    return known.address;
  }
  const stop = new AbortController();
  const address = fetchImage(framePath(frameId), stop.signal).then(
    (blob) => URL.createObjectURL(blob),
    () => null,
  );
  held.set(frameId, { users: 1, address, stop });
  return address;
}

export function release(frameId: string): void {
  const known = held.get(frameId);
  if (!known) return;
  known.users -= 1;
  if (known.users > 0) return;
  held.delete(frameId);
  known.stop.abort();
  void known.address.then((address) => address !== null && URL.revokeObjectURL(address));
}
