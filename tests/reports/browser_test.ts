import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { readTextFileIfAny } from "../../kernels/base/files.ts";
import { fixture } from "./fixture.ts";
import { between } from "./page_parts.ts";

const at = (name: string) => new URL(`../../.moelab/browser/${name}`, import.meta.url).pathname;
const dump = await readTextFileIfAny(at("axe_dom.html")) ?? "";
const log = await readTextFileIfAny(at("axe_stderr.log")) ?? "";
const ignore = dump.trim() === "";
const why = ignore ? " (ignored: no browser has run, see the browser task)" : "";

/** JSON that the page wrote into itself. */
function written<T>(id: string): T {
  const text = between(dump, `<pre id="${id}">`, "</pre>");
  const entities: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
  return JSON.parse(text.replace(/&(?:lt|gt|amp);/g, (e) => entities[e]));
}

interface Facts {
  points: Record<string, number>;
  sorted: number[];
  downloads: string[];
}

interface Audit {
  passes: number;
  violations: { id: string; help: string; nodes: string[] }[];
}

const browser = (name: string, fn: () => void) =>
  Deno.test({ name: `in a browser${why}: ${name}`, ignore, fn });

browser("no error, no refused request", () => {
  assertEquals(written<string[]>("page-errors"), []);
  assert(!/CONSOLE.*(error|refused|violat)/i.test(log), log.slice(0, 2000));
});

browser("the accessibility audit finds nothing, in light and in dark", () => {
  const audits = written<Record<string, Audit>>("axe-result");
  for (const scheme of ["light", "dark"]) {
    assertEquals(audits[scheme].violations, []);
    assertGreater(audits[scheme].passes, 20);
  }
});

browser("every plot is drawn on its canvas", () => {
  const { points } = written<Facts>("page-facts");
  assertEquals(Object.keys(points), ["parity-plot", "residual-plot", "roofline-plot"]);
  for (const [id, pixels] of Object.entries(points)) {
    assertGreater(pixels, 200, `${id} has ${pixels} pixels of points`);
    assert(new RegExp(`<canvas id="${id}"[^>]*data-drawn="[1-9]`).test(dump), id);
  }
});

browser("a click on a heading sorts its table", () => {
  const { sorted } = written<Facts>("page-facts");
  const expected = fixture().pairs.map((p) => Number(p.measured.value.toPrecision(6)));
  assertEquals(sorted, expected.toSorted((a, b) => a - b));
});

browser("both downloads are made in the page", () => {
  const [json, csv] = written<Facts>("page-facts").downloads;
  assertStringIncludes(json, 'data:application/json;charset=utf-8,{"checks":[');
  assertStringIncludes(csv, "data:text/csv;charset=utf-8,table,id,kind,k,kernel,m,n,");
});
