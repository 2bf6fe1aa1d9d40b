/**
 * The page: its head, its contents, and its sections in the order in which they are read.
 *
 * @module
 */
import type { JSX } from "preact";
import { parityPlot } from "./charts/parity.ts";
import type { Plot } from "./charts/plot.ts";
import { residualPlot } from "./charts/residual.ts";
import { rooflinePlot } from "./charts/roofline.ts";
import { hrefTo, jsonForScript } from "./html.ts";
import type { Result } from "./result.ts";
import { Answer } from "./sections/answer.tsx";
import { Checks } from "./sections/checks.tsx";
import { Guide } from "./sections/guide.tsx";
import { ParitySection } from "./sections/parity_section.tsx";
import { ProvenanceCard } from "./sections/provenance.tsx";
import { RooflineSection } from "./sections/roofline_section.tsx";
import { Samples } from "./sections/samples.tsx";
import { Tables } from "./sections/tables.tsx";
import { Timelines } from "./sections/timelines.tsx";
import { cardParts, inOrder, type PagePart, visualParts } from "./sections/visuals.tsx";

/** Nothing is ever requested: what the page needs stands in it. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " +
  "img-src data:";

const icon = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    '<path fill="#0a5a9c" d="M1 9h4v6H1zM6 5h4v10H6zM11 1h4v14h-4z"/></svg>',
);

/** Spans and pairs that the page holds as JSON; beyond, they stand in the files beside it alone. */
const spansInPage = 300;
const pairsInPage = 500;

/** Text that the page carries whole: style sheet, libraries, programs. */
export interface Assets {
  /** Style sheet. */
  css: string;
  /** Programs, in order, each fit for a `<script>` element. */
  scripts: readonly string[];
  /** Programs that draw plots, before the others; a page without plots has none of them. */
  plotScripts: readonly string[];
}

/** Sections that the result has something for. */
function partsOf(r: Result): PagePart[] {
  const parts: (PagePart | false)[] = [
    ...cardParts(r),
    {
      id: "provenance",
      title: "Provenance",
      body: <ProvenanceCard provenance={r.provenance} />,
    },
    r.checks.length > 0 && { id: "checks", title: "Checks", body: <Checks checks={r.checks} /> },
    r.pairs.length > 0 && {
      id: "parity",
      title: "Prediction",
      body: <ParitySection pairs={r.pairs} summaries={r.pairSummaries} style={r.pairStyle} />,
    },
    r.roofline !== undefined && {
      id: "roofline",
      title: "Roofline",
      body: <RooflineSection roofline={r.roofline} />,
    },
    ...visualParts(r),
    r.timelines.length > 0 && {
      id: "timelines",
      title: "Timelines",
      body: <Timelines timelines={r.timelines} />,
    },
    r.tables.length > 0 && {
      id: "results",
      title: "Results",
      body: <Tables tables={r.tables} rows={r.rows} />,
    },
    Object.keys(r.samples).length > 0 && {
      id: "samples",
      title: "Raw samples",
      body: <Samples result={r} />,
    },
    { id: "understanding", title: "Understanding", body: <Guide result={r} /> },
  ];
  return inOrder(parts.filter((p) => p !== false), r.sections);
}

/** Plots that the script draws again. */
export function plotsOf(result: Result): Plot[] {
  return [
    ...(result.pairs.length > 0
      ? [parityPlot(result.pairs, result.pairStyle), residualPlot(result.pairs, result.pairStyle)]
      : []),
    ...(result.roofline ? [rooflinePlot(result.roofline)] : []),
  ];
}

/** The result as the page holds it, and what was left to the files beside it, in words. */
function embedded(result: Result): { value: Result; leftOut: string[] } {
  const spans = result.timelines.reduce((n, t) => n + t.spans.length, 0);
  const pairs = result.pairs.length;
  const value = {
    ...result,
    ...(spans > spansInPage && {
      timelines: result.timelines.map((t) => ({ ...t, spans: [] })),
    }),
    ...(pairs > pairsInPage && { pairs: [] }),
  };
  return {
    value,
    leftOut: [
      ...(spans > spansInPage ? [`the ${spans} spans of its timelines`] : []),
      ...(pairs > pairsInPage ? [`its ${pairs} pairs`] : []),
    ],
  };
}

const Data = ({ id, value }: { id: string; value: unknown }) => (
  <script
    type="application/json"
    id={id}
    dangerouslySetInnerHTML={{ __html: jsonForScript(value) }}
  />
);

function Footer({ result, leftOut }: { result: Result; leftOut: readonly string[] }) {
  return (
    <footer>
      <p class="downloads">
        <a href="result.json" download="result.json" data-download="json">Download JSON</a>
        <a href="result.json" download="result.csv" data-download="csv" hidden>Download CSV</a>
      </p>
      <p>
        Everything shown here stands in result.json beside this page{leftOut.length > 0 &&
          `; the copy that this page carries is without ${leftOut.join(" and ")}`}. Made by moelab
        {" "}
        {result.provenance.versions.moelab ?? ""}; this page asks no network for anything.
      </p>
    </footer>
  );
}

/** What the reader sees, without the data and the programs. */
export function Body({ result }: { result: Result }): JSX.Element {
  const parts = partsOf(result);
  const { leftOut } = embedded(result);
  return (
    <div class="frame">
      <Answer result={result} />
      <nav class="contents" aria-label="Contents">
        <ul>
          {parts.map((p) => (
            <li key={p.id}>
              <a href={hrefTo(p.id)}>{p.title}</a>
            </li>
          ))}
        </ul>
      </nav>
      <main>
        {parts.map((p) => p.body)}
        <Footer result={result} leftOut={leftOut} />
      </main>
    </div>
  );
}

/** The whole document. */
export function Page({ result, assets }: { result: Result; assets: Assets }): JSX.Element {
  const plots = plotsOf(result);
  const scripts = [...(plots.length > 0 ? assets.plotScripts : []), ...assets.scripts];
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="description" content={result.verdict} />
        <title>{`${result.title} · moelab`}</title>
        <link rel="icon" href={icon} />
        <style dangerouslySetInnerHTML={{ __html: assets.css }} />
      </head>
      <body>
        <Body result={result} />
        <Data id="result" value={embedded(result).value} />
        <Data id="plots" value={plots} />
        {scripts.map((text, i) => <script key={i} dangerouslySetInnerHTML={{ __html: text }} />)}
      </body>
    </html>
  );
}
