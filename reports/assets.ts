/**
 * The texts that every page carries. Style sheet and programs of this folder are imported as text.
 * The chart library hides its one-file build from imports, so that is read from where the package
 * lies: this needs read permission. Importing a visible file of it as text, too, is what makes Deno
 * fetch the package.
 *
 * @module
 */
import "chart.js/auto" with { type: "text" };
import charts from "./client/charts.js" with { type: "text" };
import downloads from "./client/downloads.js" with { type: "text" };
import tables from "./client/tables.js" with { type: "text" };
import theme from "./theme.css" with { type: "text" };
import visuals from "./visuals.css" with { type: "text" };
import { scriptText } from "./html.ts";
import type { Assets } from "./page.tsx";

const library = () =>
  Deno.readTextFileSync(
    new URL("../dist/chart.umd.min.js", import.meta.resolve("chart.js/auto")),
  );

/** Blanks that begin lines say nothing to a browser; no text of ours spans lines. */
const unindented = (text: string) => text.replace(/^\s+/gm, "").trim();

let assets: Assets | undefined;

/** The texts, read at the first call. */
export function loadAssets(): Assets {
  assets ??= {
    css: unindented(theme + visuals),
    plotScripts: [library(), unindented(charts)].map(scriptText),
    scripts: [tables, downloads].map(unindented).map(scriptText),
  };
  return assets;
}
