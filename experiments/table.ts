/**
 * Tables on the terminal: aligned columns, a rule under the head, nothing else.
 *
 * @module
 */
import Table from "cli-table3";

/** A column: its head, and the side that its cells lean to. */
export interface Column {
  /** Text of the head. */
  head: string;
  /** "left" where nothing is said. */
  align?: "left" | "right";
}

const bare = { top: "", bottom: "", left: "", right: "", mid: "", "top-mid": "", "bottom-mid": "" };

/**
 * Writes a table as text.
 *
 * @example
 * ```ts
 * import { formatTable } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const text = formatTable([{ head: "part" }, { head: "n", align: "right" }], [["router", "64"]]);
 * assertEquals(text, "part     n\n──────────\nrouter  64");
 * ```
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const table = new Table({
    head: columns.map((column) => column.head),
    colAligns: columns.map((column) => column.align ?? "left"),
    chars: {
      ...bare,
      "top-left": "",
      "top-right": "",
      "bottom-left": "",
      "bottom-right": "",
      "left-mid": "",
      "right-mid": "",
      "mid-mid": "",
      middle: "  ",
    },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => row.map(String)));
  const lines = table.toString().split("\n").map((line) => line.trimEnd());
  const width = Math.max(...lines.map((line) => line.length));
  return [lines[0], "─".repeat(width), ...lines.slice(1)].join("\n");
}
