/** Whether what is said of a device can still be true. */

import type { Device, Service } from "../api/stations";

/** A device is only as well known as the service that is connected to it: when that is offline, nobody knows. */
export function isSilent(device: Pick<Device, "source">, services: Readonly<Record<string, Service>>): boolean {
  return Object.values(services).some(({ instance, online }) => instance === device.source && !online);
}
