import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { renderReport } from "../../reports/report.ts";
import { summariseRow } from "../../reports/sections/heatmap_section.tsx";
import { heatOf } from "../../reports/svg/heatmap.tsx";
import { validateResult } from "../../reports/validate.ts";
import type { Heatmap } from "../../reports/visuals.ts";
import { fixture } from "./fixture.ts";
import { between, tableText, visibleBody } from "./page_parts.ts";

const load: Heatmap = {
  id: "load",
  title: "Load of the experts",
  note: "Choices over the mean.",
  kind: "measured",
  rows: { title: "layer", labels: ["0", "1"] },
  columns: { title: "expert", labels: ["a", "b", "c"] },
  ...{ what: "load over the mean", unit: "plain", middle: 1 },
  values: [[0.25, 1, 1.75], [null, 1.125, 0.875]],
};

const page = (...heatmaps: Heatmap[]) => visibleBody(renderReport({ ...fixture(), heatmaps }));
const sectionOf = (body: string, id: string) => between(body, `<section id="${id}"`, "</section>");

/** A heatmap of many cells. */
function large(rows: number, columns: number): Heatmap {
  const names = (n: number) => Array.from({ length: n }, (_, i) => `${i}`);
  return {
    ...load,
    id: "large",
    rows: { title: "layer", labels: names(rows) },
    columns: { title: "expert", labels: names(columns) },
    values: names(rows).map((_, r) => names(columns).map((_, c) => (r * 7 + c * 3) % 11)),
  };
}

Deno.test("a heatmap is a cell a number, each said in words and in a table", () => {
  const section = sectionOf(page(load), "load");
  const drawing = between(section, '<svg class="heat-plot"', "</svg>");
  assertEquals(drawing.match(/class="heat-(more|less|none)"/g)?.length, 6);
  assertEquals(drawing.match(/class="heat-none"/g)?.length, 1);
  assertStringIncludes(drawing, "layer 0, expert c: 1.75");
  assertStringIncludes(drawing, "load over the mean by layer and expert, 0.25 to 1.75");
  const table = tableText(section);
  for (const text of ["0.25", "1.75", "1.13", "0.875", "–"]) assertStringIncludes(table, text);
  assertStringIncludes(section, "no colour at 1");
});

Deno.test("colour grows from the middle, or from the least, to the number farthest off", () => {
  const heat = heatOf(load);
  assertEquals(heat(1), { share: 0, less: false });
  assertEquals([heat(1.75), heat(0.25)], [{ share: 1, less: false }, { share: 1, less: true }]);
  const plain = heatOf({ values: [[2, 6], [4, null]] });
  assertEquals([2, 4, 6].map((x) => plain(x).share), [0, 0.5, 1]);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 }),
      fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined }),
      (row, middle) => {
        const of = heatOf({ values: [row], middle });
        for (const value of row) {
          const { share } = of(value);
          assert(share >= 0 && share <= 1 + 1e-12, `${share}`);
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("of very many numbers the table has the ends and the mean of each row", () => {
  const section = sectionOf(page(large(40, 64)), "large");
  assertEquals(section.match(/<title>/g), null, "too many to say each");
  assertEquals(section.match(/<tr>/g)?.length, 41);
  assertStringIncludes(section, "all numbers stand in result.json");
  const { least, mean, greatest } = summariseRow([3, null, 1, 8], ["a", "b", "c", "d"])!;
  assertEquals([least, greatest], [{ value: 1, column: "c" }, { value: 8, column: "d" }]);
  assertAlmostEquals(mean, 4, 1e-12);
  assertEquals(summariseRow([null], ["a"]), undefined);
});

Deno.test("no heatmap goes beyond its frame, and none without numbers breaks the page", () => {
  const empty = { ...load, id: "empty", rows: { title: "layer", labels: [] }, values: [] };
  const blank = { ...load, id: "blank", values: [[null, null, null], [null, null, null]] };
  const body = page(load, large(3, 300), empty, blank);
  assertStringIncludes(sectionOf(body, "empty"), "There are no numbers to show.");
  for (const [, share] of body.matchAll(/\s(?:x|y|width|height)="(-?[\d.]+)%"/g)) {
    assert(Number(share) >= 0 && Number(share) <= 100, share);
  }
  assert(!/NaN|Infinity|undefined/.test(body));
});

Deno.test("a heatmap whose numbers do not fit its names is refused", () => {
  const wrong = { ...fixture(), heatmaps: [{ ...load, values: [[1, 2, 3]] }] };
  assertThrows(
    () => validateResult(JSON.parse(JSON.stringify(wrong)), "result.json"),
    TypeError,
    "expected a number for each row and column",
  );
  const fits = { ...fixture(), heatmaps: [load] };
  assertEquals(validateResult(JSON.parse(JSON.stringify(fits)), "x").heatmaps, [load]);
});
