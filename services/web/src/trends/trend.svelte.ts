/** The histories of the chosen tags over one span, and how they follow the line. */

import { fetchTagHistory, type TrendPoint } from "../api/tags";
import { Resource } from "../components/resource.svelte";
import type { Span } from "../format/range";
import type { LineNow } from "../live/state";
import { fetchMarks, type TrendMark } from "./marks";
import { extended } from "./series";

const POINTS = 800;

export class Trend {
  points = $state.raw<Readonly<Record<string, readonly TrendPoint[]>>>({});
  readonly marks = new Resource<TrendMark[]>();
  private readonly histories = new Resource<void>();

  get loading(): boolean {
    return this.histories.loading;
  }

  get error(): unknown {
    return this.histories.error ?? this.marks.error;
  }

  load(tags: readonly string[], span: Span): void {
    const query = { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), points: POINTS };
    this.histories.load(async (signal) => {
      const answers = await Promise.all(tags.map((tag) => fetchTagHistory(tag, query, signal)));
      if (!signal.aborted) this.points = Object.fromEntries(answers.map(({ points }, index) => [tags[index], points]));
    });
    this.marks.load((signal) => fetchMarks(span, signal));
  }

  /** Takes in the newest live values of the tags shown. */
  follow(now: LineNow, span: Span): void {
    const width = (span.to - span.from) / POINTS;
    const next = { ...this.points };
    let changed = false;
    for (const [tag, points] of Object.entries(this.points)) {
      const live = now.tags[tag];
      if (live === undefined || typeof live.value === "string" || live.value === null) continue;
      next[tag] = extended(points, live.at, Number(live.value), width, span.from);
      changed = true;
    }
    if (changed) this.points = next;
  }

  close(): void {
    this.histories.close();
    this.marks.close();
  }
}
