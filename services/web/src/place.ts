/** Addresses within the page. */

export interface Place {
  /** First word of the path: `line`, `parts`, ... */
  page: string;
  /** The rest, decoded. */
  rest: readonly string[];
  query: URLSearchParams;
}

export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/").filter(Boolean).map(decode);
  return { page: page || "line", rest, query: new URLSearchParams(query) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function link(page: string, rest: readonly string[] = [], query: Record<string, string | null | undefined> = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const tail = new URLSearchParams(pairs).toString();
  return `#/${[page, ...rest.map(encodeURIComponent)].join("/")}${tail ? `?${tail}` : ""}`;
}
