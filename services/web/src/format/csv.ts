/** Tables as files that a spreadsheet opens. */

export type Cell = string | number | boolean | null | undefined;

export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? harmless(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A spreadsheet takes these beginnings for a formula and runs it. */
function harmless(text: string): string {
  return /^[=+\-@\t]/.test(text) ? `'${text}` : text;
}

/** Gives the browser a table to save. */
export function saveCsv(name: string, rows: readonly (readonly Cell[])[]): void {
  saveFile(name, new Blob([csv(rows)], { type: "text/csv;charset=utf-8" }));
}

/** Gives the browser a file to save. */
export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
