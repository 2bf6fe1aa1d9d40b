/**
 * Writes the pages that a browser opens before the browser test: the fixture's report, and a copy
 * of it that audits itself. Run by `deno task ok:page`.
 *
 * @module
 */
import axe from "axe-core/axe.min.js" with { type: "text" };
import audit from "./page_audit.js" with { type: "text" };
import { writeTextFile } from "../../kernels/base/files.ts";
import { scriptText } from "../../reports/html.ts";
import { renderReport } from "../../reports/report.ts";
import { fixture } from "./fixture.ts";

const folder = new URL("../../.moelab/browser/", import.meta.url).pathname;

/** The report with scripts that run before its own; they need no other policy than it has. */
function audited(html: string): string {
  const scripts = [axe, audit].map((text) => `<script>${scriptText(text)}</script>`).join("");
  return html.replace("</title>", () => `</title>${scripts}`);
}

if (import.meta.main) {
  const html = renderReport(fixture());
  await writeTextFile(`${folder}report.html`, html);
  await writeTextFile(`${folder}axe.html`, audited(html));
}
