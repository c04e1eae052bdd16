/** State kept by a table of event -> (state, data) -> new state, told to its reader soon, but at most once per interval. */

export type Reducers<State, Events> = {
  readonly [Type in keyof Events]: (state: State, data: Events[Type]) => State;
};

export interface LiveMessage {
  type: string;
  data: unknown;
}

export class Collection<State, Events> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private told = -Infinity;

  constructor(
    private state: State,
    private readonly reducers: Reducers<State, Events>,
    private readonly changed: (state: State) => void,
    private readonly intervalMs = 100,
  ) {}

  /** Returns whether the table knows the event; one that it does not know changes nothing. */
  receive(message: LiveMessage): boolean {
    if (!Object.hasOwn(this.reducers, message.type)) return false;
    const reduce = this.reducers[message.type as keyof Events] as (state: State, data: unknown) => State;
    const next = reduce(this.state, message.data);
    if (next !== this.state) {
      this.state = next;
      this.timer ??= setTimeout(() => this.tell(), Math.max(0, this.told + this.intervalMs - Date.now()));
    }
    return true;
  }

  private tell(): void {
    this.timer = undefined;
    this.told = Date.now();
    this.changed(this.state);
  }
}

export function isLiveMessage(message: unknown): message is LiveMessage {
  return typeof message === "object" && message !== null && "type" in message && typeof message.type === "string";
}
