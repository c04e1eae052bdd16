/** The page's address lives behind the `#`, so that any file server can hold the dashboard. */

import { parsePlace } from "./place";

export { link } from "./place";

class Router {
  place = $state.raw(parsePlace(location.hash));

  constructor() {
    addEventListener("hashchange", () => {
      this.place = parsePlace(location.hash);
    });
  }

  /** Goes to an address; `replace` leaves no step behind in the browser's history. */
  go(hash: string, replace = false): void {
    if (replace) {
      history.replaceState(null, "", hash);
      this.place = parsePlace(hash);
    } else {
      location.hash = hash;
    }
  }
}

export const router = new Router();
