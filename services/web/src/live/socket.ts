/**
 * A WebSocket that comes back: 1 s after it closed, then twice as long each time, to 30 s. A network that vanishes
 * closes nothing, so a socket that is silent for long is asked whether it is still there.
 */

export type LinkPhase = "connecting" | "open" | "waiting" | "stopped";

export interface LinkState {
  phase: LinkPhase;
  /** When the present phase began, ms since 1970. */
  since: number;
  /** When the next attempt is made, ms since 1970; only while waiting. */
  retryAt: number | null;
}

export interface SocketOptions {
  /** Resolves to the address to connect to; asked anew for each attempt, because a ticket is good for one. */
  address: () => Promise<string>;
  /** Gets parsed JSON, or an ArrayBuffer. */
  receive: (message: unknown) => void;
  changed: (state: LinkState) => void;
  /** A message that the other side answers. */
  probe: () => unknown;
  open?: (address: string) => WebSocket;
}

/** The server's close code for a login that ended: with a new ticket it goes on at once. */
const TICKET_ENDED = 4401;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** A socket that has not opened after this time is given up. */
const OPENING_MS = 10_000;
const SILENCE_MS = 5_000;
/** How long a probe may stay without an answer. */
const ANSWER_MS = 3_000;

export class LiveSocket {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private delay = FIRST_DELAY_MS;
  private attempt = 0;
  private phase: LinkPhase = "stopped";

  constructor(private readonly options: SocketOptions) {}

  start(): void {
    this.stop();
    void this.connect();
  }

  stop(): void {
    this.drop();
    this.enter("stopped");
  }

  /** Connects at once when it is waiting, for instance because the browser says that the network is back. */
  hurry(): void {
    if (this.phase === "waiting") void this.connect();
  }

  /** Sends JSON when the link is open; otherwise nothing: whoever asked asks again when it opens. */
  send(message: unknown): void {
    if (this.phase === "open") this.socket?.send(JSON.stringify(message));
  }

  private async connect(): Promise<void> {
    this.drop();
    const attempt = this.attempt;
    this.enter("connecting");
    this.timer = setTimeout(() => this.retry(attempt), OPENING_MS);
    let address: string;
    try {
      address = await this.options.address();
    } catch {
      this.retry(attempt);
      return;
    }
    if (attempt === this.attempt) this.listen((this.options.open ?? openSocket)(address), attempt);
  }

  private listen(socket: WebSocket, attempt: number): void {
    this.socket = socket;
    socket.onclose = ({ code }) => {
      if (code === TICKET_ENDED && this.phase === "open") void this.connect();
      else this.retry(attempt);
    };
    socket.onmessage = (event: MessageEvent) => {
      const message = parse(event.data);
      if (message === undefined) return;
      if (this.phase !== "open") this.opened();
      this.listenOn(attempt);
      this.options.receive(message);
    };
  }

  private listenOn(attempt: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.send(this.options.probe());
      this.timer = setTimeout(() => this.retry(attempt), ANSWER_MS);
    }, SILENCE_MS);
  }

  /** Only a message proves that the other side speaks: an accepted and at once closed socket keeps backing off. */
  private opened(): void {
    this.delay = FIRST_DELAY_MS;
    this.enter("open");
  }

  private retry(attempt: number): void {
    if (attempt !== this.attempt) return;
    this.drop();
    this.enter("waiting", this.delay);
    this.timer = setTimeout(() => void this.connect(), this.delay);
    this.delay = Math.min(this.delay * 2, LONGEST_DELAY_MS);
  }

  /** Forgets the present attempt; whatever it still reports is ignored. */
  private drop(): void {
    this.attempt += 1;
    clearTimeout(this.timer);
    if (this.socket !== null) {
      this.socket.onmessage = null;
      this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }
  }

  private enter(phase: LinkPhase, delay: number | null = null): void {
    this.phase = phase;
    const now = Date.now();
    this.options.changed({ phase, since: now, retryAt: delay === null ? null : now + delay });
  }
}

function openSocket(address: string): WebSocket {
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** JSON, or the bytes as they are; undefined for text that is not JSON. */
function parse(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
