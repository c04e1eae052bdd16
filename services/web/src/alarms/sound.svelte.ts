/** A tone while an alarm is not acknowledged, until somebody silences it; the next new alarm sounds again. */

const KEY = "jidoka.alarm-sound";
const EVERY_MS = 2_000;

class AlarmSound {
  on = $state(localStorage.getItem(KEY) !== "off");
  /** The browser plays nothing before somebody has clicked on the page. */
  blocked = $state(false);
  private silenced = $state.raw<ReadonlySet<string>>(new Set());
  private context: AudioContext | null = null;
  private resuming: Promise<unknown> | null = null;

  turn(on: boolean): void {
    this.on = on;
    localStorage.setItem(KEY, on ? "on" : "off");
    if (on) this.beep();
  }

  /** Whether one of these alarms may be heard. */
  audible(alarms: readonly { id: string }[]): boolean {
    return this.on && alarms.some(({ id }) => !this.silenced.has(id));
  }

  /** These alarms sound no more. */
  silence(alarms: readonly { id: string }[]): void {
    this.silenced = new Set(alarms.map(({ id }) => id));
  }

  /** Sounds until the answer is called. */
  ring(): () => void {
    this.beep();
    const timer = setInterval(() => this.beep(), EVERY_MS);
    return () => clearInterval(timer);
  }

  beep(): void {
    this.context ??= new AudioContext();
    if (this.context.state === "running") this.tone(this.context);
    else this.unblock(this.context);
  }

  private tone(context: AudioContext): void {
    const tone = new OscillatorNode(context, { type: "sine", frequency: 880 });
    const volume = new GainNode(context, { gain: 0.15 });
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.18);
  }

  private unblock(context: AudioContext): void {
    this.blocked = true;
    this.resuming ??= context.resume().then(
      () => {
        [this.blocked, this.resuming] = [false, null];
        this.tone(context);
      },
      () => (this.resuming = null),
    );
  }
}

export const alarmSound = new AlarmSound();
