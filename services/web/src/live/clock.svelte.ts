/** The one ticking clock of the page: ages and staleness follow from it. */

const TICK_MS = 500;

class Clock {
  now = $state(Date.now());

  constructor() {
    setInterval(() => {
      this.now = Date.now();
    }, TICK_MS);
  }
}

export const clock = new Clock();
