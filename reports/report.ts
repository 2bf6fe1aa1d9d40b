/**
 * From a result to one HTML file.
 *
 * @module
 */
import { chromeTrace } from "./trace.ts";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { loadAssets } from "./assets.ts";
import { Page } from "./page.tsx";
import type { Result } from "./result.ts";

/**
 * A result as one HTML page that needs nothing else: readable without scripts, in light and dark,
 * on paper, and by a screen reader. The same result gives the same bytes. Needs permission to read
 * the chart library's file.
 *
 * @example
 * ```ts
 * import { renderReport, type Result } from "@moelab/moelab/reports";
 *
 * function save(result: Result): void {
 *   Deno.writeTextFileSync("report.html", renderReport(result));
 * }
 * ```
 */
export function renderReport(result: Result): string {
  return `<!doctype html>\n${render(h(Page, { result, assets: loadAssets() }))}\n`;
}

/** The page of a result and what lies beside it, by file name: the timelines as a trace, if any. */
export function reportFiles(result: Result): Record<"report.html" | string, string> {
  const trace: Record<string, string> = result.timelines.length > 0
    ? { "trace.json": JSON.stringify(chromeTrace(result.timelines)) }
    : {};
  return { "report.html": renderReport(result), ...trace };
}
