/** A tone while an alarm is not acknowledged. Off until a person turns it on: browsers play nothing before a click. */

const KEY = "jidoka.alarm-sound";
const EVERY_MS = 2_000;

class AlarmSound {
  on = $state(localStorage.getItem(KEY) === "on");
  private context: AudioContext | null = null;

  turn(on: boolean): void {
    this.on = on;
    localStorage.setItem(KEY, on ? "on" : "off");
    if (on) this.beep();
  }

  /** Sounds until the answer is called. */
  ring(): () => void {
    this.beep();
    const timer = setInterval(() => this.beep(), EVERY_MS);
    return () => clearInterval(timer);
  }

  private beep(): void {
    this.context ??= new AudioContext();
    const { context } = this;
    if (context.state === "suspended") void context.resume().catch(() => undefined);
    const tone = new OscillatorNode(context, { type: "sine", frequency: 880 });
    const volume = new GainNode(context, { gain: 0.15 });
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.18);
  }
}

export const alarmSound = new AlarmSound();
