import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type LinkState, LiveSocket } from "../src/live/socket";

/** The half of a WebSocket that LiveSocket uses; the other half is the test's. */
class Line {
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  sent: string[] = [];
  closed = false;

  constructor(readonly address: string) {}

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  says(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  ends(code = 1006): void {
    this.onclose?.({ code });
  }
}

let lines: Line[];
let states: LinkState[];
let heard: unknown[];
let tickets: number;
let ticketFails: boolean;
let socket: LiveSocket;

const newest = () => lines.at(-1) as Line;
const phase = () => states.at(-1)?.phase;
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  vi.useFakeTimers();
  [lines, states, heard, tickets, ticketFails] = [[], [], [], 0, false];
  socket = new LiveSocket({
    address: async () => {
      tickets += 1;
      if (ticketFails) throw new Error("no ticket");
      return `ws://line/?ticket=${tickets}`;
    },
    receive: (message) => heard.push(message),
    changed: (state) => states.push(state),
    probe: () => ({ type: "subscribe" }),
    open: (address) => {
      lines.push(new Line(address));
      return newest() as unknown as WebSocket;
    },
  });
});

afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

async function connect(): Promise<void> {
  socket.start();
  await pass(0);
  newest().says({ type: "snapshot" });
}

test("it is open once the other side has spoken, and passes messages on", async () => {
  socket.start();
  await pass(0);
  expect(phase()).toBe("connecting");
  newest().says({ type: "snapshot" });
  expect(phase()).toBe("open");
  expect(heard).toEqual([{ type: "snapshot" }]);
});

test("text that is not JSON is passed over", async () => {
  await connect();
  newest().says("{broken");
  expect(heard).toHaveLength(1);
  expect(phase()).toBe("open");
});

test("it waits 1 s, then twice as long each time, to 30 s, with a new ticket each time", async () => {
  await connect();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    newest().ends();
    const { retryAt, since } = states.at(-1) as LinkState;
    waits.push((retryAt as number) - since);
    await pass(waits.at(-1) as number);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  expect(lines.map(({ address }) => address)).toEqual(lines.map((_, index) => `ws://line/?ticket=${index + 1}`));
});

test("after it spoke again the wait begins at 1 s", async () => {
  await connect();
  newest().ends();
  await pass(1000);
  newest().ends();
  await pass(2000);
  newest().says({ type: "snapshot" });
  newest().ends();
  const { retryAt, since } = states.at(-1) as LinkState;
  expect((retryAt as number) - since).toBe(1000);
});

test("a socket that is accepted and closed at once keeps backing off", async () => {
  await connect();
  newest().ends();
  await pass(1000);
  newest().ends(1013);
  const { retryAt, since } = states.at(-1) as LinkState;
  expect((retryAt as number) - since).toBe(2000);
});

test("a ticket that cannot be had is tried for again", async () => {
  ticketFails = true;
  socket.start();
  await pass(0);
  expect(phase()).toBe("waiting");
  ticketFails = false;
  await pass(1000);
  newest().says({ type: "snapshot" });
  expect(phase()).toBe("open");
});

test("a login that ended goes on at once with a new ticket", async () => {
  await connect();
  newest().ends(4401);
  await pass(0);
  expect(lines).toHaveLength(2);
  expect(phase()).toBe("connecting");
});

test("silence is probed, and a line that does not answer is given up", async () => {
  await connect();
  await pass(5000);
  expect(newest().sent).toEqual(['{"type":"subscribe"}']);
  await pass(3000);
  expect(phase()).toBe("waiting");
  expect(lines[0]?.closed).toBe(true);
});

test("an answer to the probe keeps the line", async () => {
  await connect();
  await pass(5000);
  newest().says({ type: "snapshot" });
  await pass(4000);
  expect(phase()).toBe("open");
  expect(lines).toHaveLength(1);
});

test("what an abandoned socket still says is not heard", async () => {
  await connect();
  const old = newest();
  old.ends();
  await pass(1000);
  old.says({ type: "part" });
  expect(heard).toEqual([{ type: "snapshot" }]);
});

test("hurry does not wait, and stop does not come back", async () => {
  await connect();
  newest().ends();
  socket.hurry();
  await pass(0);
  expect(lines).toHaveLength(2);
  socket.stop();
  await pass(60_000);
  expect(lines).toHaveLength(2);
  expect(phase()).toBe("stopped");
});
