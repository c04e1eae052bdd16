/** What the line is made of; asked once, when it is known who asks. */

import { fetchLine, type LineLayout } from "../api/stations";
import { usePlantZone } from "../format/time";

class Layout {
  line = $state.raw<LineLayout | null>(null);

  /** Throws ApiError when the API does not answer or does not let this person see the line. */
  async load(): Promise<void> {
    const line = await fetchLine();
    usePlantZone(line.timezone);
    this.line = line;
  }
}

export const layout = new Layout();
