/**
 * How answers look on a terminal: aligned tables and name-value lists, plain text without colour, so
 * that a copied line is what was meant. Refuses to know what the values mean.
 */

/** A table with a head line; columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "(none)";
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)].join("\n");
}

/** Names on the left, values on the right; a value's further lines are indented below it. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs
    .map(([name, value]) => {
      const lines = value.split("\n");
      return `${name.padEnd(width)}  ${lines.join(`\n${" ".repeat(width + 2)}`)}`;
    })
    .join("\n");
}

/** The first digits of a hash, enough to compare by eye. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** A value of an answer as one cell: lists with spaces, nothing as a dash, objects as JSON. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value)) return value.map(cell).join(" ");
  if (typeof value === "string") return value;
  return JSON.stringify(value);
}
