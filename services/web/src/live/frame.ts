/** One live image as the WebSocket carries it. */

export interface LiveFrame {
  station: string;
  camera: string;
  /** When the camera's gateway took it. */
  at: string;
  width: number;
  height: number;
  image: Blob;
  /** When it reached this page, ms since 1970. */
  received: number;
}

/** Length of the header as 4 bytes big-endian, the header as JSON, the JPEG. Null for anything else. */
export function decodeFrame(message: ArrayBuffer, received = Date.now()): LiveFrame | null {
  if (message.byteLength < 4) return null;
  const length = new DataView(message).getUint32(0);
  if (length > message.byteLength - 4) return null;
  try {
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length)));
    const image = new Blob([new Uint8Array(message, 4 + length)], { type: "image/jpeg" });
    return { ...header, image, received } as LiveFrame;
  } catch {
    return null;
  }
}

export const cameraKey = (station: string, camera: string) => `${station}/${camera}`;
