/** The line as the page sees it: one socket, one collection, one place that says whether they can be believed. */

import { fetchTicket } from "../api/auth";
import { clock } from "./clock.svelte";
import { Collection, isLiveMessage } from "./collection";
import { LiveFrames } from "./frames.svelte";
import { type LinkState, LiveSocket } from "./socket";
import { STALE_MS } from "./staleness";
import { lineReducers, NOTHING, type LineEvents, type LineNow } from "./state";

class Line {
  now = $state.raw<LineNow>(NOTHING);
  link = $state.raw<LinkState>({ phase: "stopped", since: Date.now(), retryAt: null });
  private lost = $state(0);
  /** The link is open, or has been away for less than a value takes to go stale. */
  linked = $derived(this.link.phase === "open" || clock.now - this.lost < STALE_MS);
  readonly frames = new LiveFrames(() => this.subscribe());

  private readonly collection = new Collection<LineNow, LineEvents>(NOTHING, lineReducers, (state) => {
    this.now = state;
  });
  private readonly socket = new LiveSocket({
    address: liveAddress,
    receive: (message) => this.receive(message),
    changed: (state) => this.linkChanged(state),
    probe: () => this.subscription(),
  });

  constructor() {
    addEventListener("online", () => this.socket.hurry());
  }

  /** Connects, as whoever the session now is. */
  start(): void {
    this.socket.start();
  }

  /** Nobody may look. */
  stop(): void {
    this.socket.stop();
  }

  private receive(message: unknown): void {
    if (message instanceof ArrayBuffer) this.frames.receive(message);
    else if (isLiveMessage(message)) this.collection.receive(message);
  }

  private linkChanged(state: LinkState): void {
    const before = this.link.phase;
    this.link = state;
    if (before === "open" && state.phase !== "open") this.lost = Date.now();
    if (before !== "open" && state.phase === "open") this.subscribe();
  }

  /** The server answers with a new snapshot, so nothing is asked for that it sends already. */
  private subscribe(): void {
    this.socket.send(this.subscription());
  }

  private subscription(): object {
    return { type: "subscribe", live: this.frames.wanted };
  }
}

async function liveAddress(): Promise<string> {
  const { ticket } = await fetchTicket();
  const base = location.origin.replace(/^http/, "ws");
  return `${base}/api/v1/ws?ticket=${encodeURIComponent(ticket)}`;
}

export const line = new Line();
