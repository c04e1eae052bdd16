/** Times as the plant reads them: its own zone on the page, UTC on hover. */

let zone = "UTC";
let formats = build(zone);

function build(timeZone: string) {
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const date: Intl.DateTimeFormatOptions = { year: "numeric", month: "2-digit", day: "2-digit" };
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("sv-SE", { ...options, timeZone });
  return { time: format(time), date: format(date), full: format({ ...date, ...time }) };
}

/** Sets the plant's zone, an IANA name; throws RangeError for an unknown one. */
export function usePlantZone(name: string): void {
  formats = build(name);
  zone = name;
}

export function plantZone(): string {
  return zone;
}

type Instant = string | number | Date;

export function clockTime(at: Instant): string {
  return formats.time.format(new Date(at));
}

export function calendarDate(at: Instant): string {
  return formats.date.format(new Date(at));
}

export function fullTime(at: Instant): string {
  return formats.full.format(new Date(at));
}

/** `14:03:21` today, with the date in front on other days. */
export function shortTime(at: Instant, now: Instant = Date.now()): string {
  return calendarDate(at) === calendarDate(now) ? clockTime(at) : fullTime(at);
}

export function utcTime(at: Instant): string {
  return `${new Date(at).toISOString().replace("T", " ").slice(0, 23)} UTC`;
}

/** Milliseconds since 1970 of the plant's last midnight, also on days of 23 and 25 hours. */
export function plantMidnight(now: number = Date.now()): number {
  const today = calendarDate(now);
  let late = now;
  let early = now - 26 * 3_600_000;
  while (late - early > 1) {
    const middle = Math.floor((late + early) / 2);
    if (calendarDate(middle) === today) late = middle;
    else early = middle;
  }
  return late;
}

/** Reads what a `datetime-local` field holds as plant time; ms since 1970, or null when it holds nothing usable. */
export function fromPlantField(text: string): number | null {
  const wanted = Date.parse(`${text}Z`);
  if (Number.isNaN(wanted)) return null;
  let at = wanted - offset(wanted);
  at = wanted - offset(at);
  return at;
}

/** An instant as a `datetime-local` field holds it, in plant time to the second. */
export function toPlantField(at: number): string {
  return fullTime(at).replace(" ", "T");
}

/** How far the plant's clock is ahead of UTC at an instant, in ms. */
function offset(at: number): number {
  const whole = Math.floor(at / 1000) * 1000;
  return Date.parse(`${fullTime(whole).replace(" ", "T")}Z`) - whole;
}
