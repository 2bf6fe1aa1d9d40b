import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { formatEstimate, formatNumber, formatPlain, unitOf } from "../../reports/format.ts";
import { renderReport } from "../../reports/report.ts";
import type { Result } from "../../reports/result.ts";
import { columnsOf } from "../../reports/sections/table_columns.ts";
import { fixture } from "./fixture.ts";
import { dataOf, tableText, visibleBody } from "./page_parts.ts";

const result = fixture();
const html = renderReport(result);
const body = visibleBody(html);
const tables = tableText(body);

/** A result with as little in it as the contract allows. */
const bare: Result = {
  ...result,
  notes: [],
  tables: [],
  rows: [],
  samples: {},
  pairs: [],
  pairSummaries: [],
  roofline: undefined,
  timelines: [],
  checks: [],
};

Deno.test("the same result gives the same bytes, whatever the order of its keys", () => {
  assertEquals(renderReport(fixture()), html);
  const turned = Object.fromEntries(Object.entries(fixture()).reverse()) as unknown as Result;
  assertEquals(renderReport(turned), html);
  assert(renderReport(fixture(8)) !== html);
});

Deno.test("the page forbids itself every request and makes none", () => {
  assertStringIncludes(
    html,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ` +
      `'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"/>`,
  );
  const loading = [...html.matchAll(/\b(?:src|href|srcset|action)="([^"]*)"/g)].map((m) => m[1]);
  const outside = loading.filter((u) => !/^(#|data:)/.test(u));
  assertEquals(new Set(outside), new Set(["result.json", "trace.json"]));
  assert(!/<(?:iframe|object|embed|base)\b/.test(html));
  assert(!/@import|sourceMappingURL/.test(html));
});

Deno.test("the page of a full experiment stays under 600 kB", () => {
  assertLess(new TextEncoder().encode(html).length, 600_000);
});

function inTables(text: string): void {
  assert(tables.includes(text), `No table holds "${text}"`);
}

Deno.test("every number of every row stands in a table", () => {
  for (const info of result.tables) {
    const rows = result.rows.filter((r) => r.table === info.id);
    for (const column of columnsOf(rows, info).metrics) {
      for (const row of rows.filter((r) => r.metrics[column.key])) {
        const { value, interval } = formatEstimate(row.metrics[column.key], unitOf(column.key), {
          scale: column.scale,
        });
        inTables(` ${value} ${interval}`.trimEnd());
      }
    }
  }
});

Deno.test("pairs, error statistics, checks and kernels stand in tables", () => {
  for (const pair of result.pairs) {
    const { value, interval, unit } = formatEstimate(pair.measured, "seconds");
    inTables(`${value} ${unit} ${interval} · n ${pair.measured.n}`);
  }
  for (const s of result.pairSummaries) {
    inTables(formatNumber(s.medianAbsoluteError, "fraction", 3).replace("\u00a0", " "));
    inTables(formatPlain(s.kendallTau, 3));
    inTables(s.worst.label);
  }
  for (const check of result.checks) {
    inTables(check.name);
    inTables(check.passed ? "✓ passed" : "✗ failed");
  }
  for (const point of result.roofline!.points) {
    inTables(formatPlain(point.flopPerByte, 3));
  }
});

Deno.test("without scripts nothing but canvases and the CSV link is hidden, and plots are drawn", () => {
  const hidden = [...body.matchAll(/<(\w+)[^>]* hidden[ >/][^>]*>/g)].map((m) => m[1]);
  assertEquals(hidden, ["canvas", "canvas", "canvas", "a"]);
  for (const id of ["parity-plot", "residual-plot", "roofline-plot"]) {
    const figure = body.slice(0, body.indexOf(`<canvas id="${id}"`));
    const svg = figure.slice(figure.lastIndexOf('<svg class="static"'));
    assert((svg.match(/M[\d.]+ [\d.]+m/g) ?? []).length >= 48, id);
  }
  assertEquals((body.match(/<svg class="gantt /g) ?? []).length, 2);
});

Deno.test("data cannot break out of the page", () => {
  assertStringIncludes(result.notes[1].paragraphs[1], "</script>");
  assert(!body.includes("</script>"));
  assertStringIncludes(body, "&lt;/script>&lt;b>&amp;amp;");
  assertEquals((dataOf(html, "result") as Result).notes, result.notes);
});

Deno.test("the page holds the result, without long timelines, and says so", () => {
  const held = dataOf(html, "result") as Result;
  const timelines = result.timelines.map((t) => ({ ...t, spans: [] }));
  assertEquals(held, { ...result, timelines });
  const spans = result.timelines.reduce((n, t) => n + t.spans.length, 0);
  assertStringIncludes(body, `without the ${spans} spans`);
  const short = {
    ...result,
    timelines: [{ ...result.timelines[0], spans: result.timelines[0].spans.slice(0, 50) }],
  };
  assertEquals((dataOf(renderReport(short), "result") as Result).timelines, short.timelines);
});

Deno.test("ids are unique, every link of the page leads to one, every canvas has its table", () => {
  const ids = [...body.matchAll(/\bid="([^"]*)"/g)].map((m) => m[1]);
  assertEquals(ids.length, new Set(ids).size);
  const known = new Set(ids);
  for (const [, id] of body.matchAll(/href="#([^"]*)"/g)) {
    assert(known.has(decodeURIComponent(id)), id);
  }
  for (const [, list] of body.matchAll(/aria-(?:describedby|labelledby)="([^"]*)"/g)) {
    for (const id of list.split(" ")) assert(known.has(id), id);
  }
  for (const row of result.rows) assert(known.has(`row-${row.id}`), row.id);
  const plots = dataOf(html, "plots") as { id: string; series: { points: { row: string }[] }[] }[];
  assertEquals(plots.map((p) => p.id), ["parity-plot", "residual-plot", "roofline-plot"]);
  for (const plot of plots) {
    assert(known.has(plot.id));
    for (const s of plot.series) for (const p of s.points) assert(known.has(p.row), p.row);
  }
});

Deno.test("the answer comes first, then sections in their order", () => {
  const at = (text: string) => {
    const index = body.indexOf(text);
    assert(index >= 0, text);
    return index;
  };
  const order = [
    result.question.slice(0, 30),
    result.verdict.slice(0, 30),
    result.decision.slice(0, 30),
    ...["provenance", "checks", "parity", "roofline", "timelines", "results", "samples"]
      .map((id) => `<section id="${id}"`),
    '<section id="understanding"',
  ].map(at);
  assertEquals(order, order.toSorted((a, b) => a - b));
});

Deno.test("a result without pairs, timelines or rows makes a page without their sections", () => {
  const page = visibleBody(renderReport(bare));
  for (const id of ["checks", "parity", "roofline", "timelines", "results", "samples"]) {
    assert(!page.includes(`id="${id}"`), id);
  }
  assertStringIncludes(page, bare.verdict);
});

Deno.test("odd results render: no spans, no metrics, no samples, no estimate's interval", () => {
  const odd: Result = {
    ...bare,
    tables: [{ id: "t", title: "T", note: "" }, { id: "empty", title: "Empty", note: "" }],
    rows: [{ id: "r", table: "t", labels: {}, kind: "derived", metrics: {}, warnings: [] }],
    samples: { r: [] },
    timelines: [{ id: "x", title: "X", note: "", kind: "simulated", spans: [] }],
    roofline: { peakFlopsPerSecond: 1, memoryBytesPerSecond: 1, points: [] },
  };
  const page = visibleBody(renderReport(odd));
  assertStringIncludes(page, "This timeline has no spans");
  assertStringIncludes(page, "This table has no rows");
  assert(!/NaN|Infinity|undefined/.test(page));
  assert(!/NaN|Infinity|undefined/.test(body));
});

/** The fixture with a few of everything. */
function few(): Result {
  const pairs = [result.pairs[0], result.pairs[47]];
  const kept = new Set(pairs.map((p) => p.id));
  return {
    ...result,
    rows: result.rows.filter((r) => r.table !== "kernels" || kept.has(r.id)),
    pairs,
    roofline: {
      ...result.roofline!,
      points: result.roofline!.points.filter((p) => kept.has(p.id)),
    },
    samples: Object.fromEntries(Object.entries(result.samples).filter(([id]) => kept.has(id))),
    timelines: [{
      ...result.timelines[0],
      spans: result.timelines[0].spans.filter((s) => s.rank < 2 && s.endSeconds < 0.002),
    }],
  };
}

Deno.test("what the reader sees is as it was", async (t) => {
  await t.assertSnapshot(visibleBody(renderReport(few())).replace(/></g, ">\n<").split("\n"));
});
