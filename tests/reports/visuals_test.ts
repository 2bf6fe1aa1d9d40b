import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { visualScale } from "../../reports/charts/visual_scale.ts";
import { renderReport } from "../../reports/report.ts";
import { partLabels } from "../../reports/sections/bars_section.tsx";
import { remainders } from "../../reports/sections/funnel_section.tsx";
import { shownPoints } from "../../reports/sections/scatter_section.tsx";
import { inOrder } from "../../reports/sections/visuals.tsx";
import { totalOf } from "../../reports/sections/waterfall_section.tsx";
import type { Result } from "../../reports/result.ts";
import { between, tableText, visibleBody } from "./page_parts.ts";
import { drawn, funnel, scatter, stacked, waterfall } from "./visuals_fixture.ts";

const html = renderReport(drawn());
const body = visibleBody(html);
const tables = tableText(body);

/** The section of an id. */
const section = (id: string, of = body) => between(of, `<section id="${id}"`, "</section>");

Deno.test("every drawing is a section of its own, in the order that the result asks for", () => {
  const ids = [...body.matchAll(/<section id="([^"]*)"/g)].map((m) => m[1]);
  assertEquals(ids, [
    ...["chosen-plan", "memory", "front", "provenance"],
    ...["scaling", "sensitivity", "shares", "searched", "understanding"],
  ]);
  const contents = [...between(body, "<nav", "</nav>").matchAll(/href="#([^"]*)"/g)];
  assertEquals(contents.map((m) => m[1]), ids);
});

Deno.test("parts that are not named follow those that are", () => {
  const parts = ["a", "b", "c", "d"].map((id) => ({ id }));
  assertEquals(inOrder(parts, ["c", "a"]).map(({ id }) => id).join(""), "cabd");
  assertEquals(inOrder(parts).map(({ id }) => id).join(""), "abcd");
});

Deno.test("ids are unique and no drawing goes beyond its axes", () => {
  const ids = [...body.matchAll(/\sid="([^"]*)"/g)].map((m) => m[1]);
  assertEquals(ids.length, new Set(ids).size);
  for (const [, share] of body.matchAll(/\s(?:x|y|x1|x2|width)="(-?[\d.]+)%"/g)) {
    assert(Number(share) >= 0 && Number(share) <= 100, share);
  }
  assert(!/NaN|Infinity|undefined/.test(body));
});

Deno.test("every number of the drawings stands in a table or on the card", () => {
  for (
    const text of [
      ...["1.250 s", "2.500 s", "75 GiB", "90 GiB", "3.500 dollars"],
      ...["7.200 k/s", "57.60 k/s", "6.400 k/s to 8 k/s"],
      ...["16 GiB", "40 GiB", "56 GiB", "free 8 GiB", "87.5 %"],
      ...["\u22127.1 %", "+1.2 %", "1.02 s"],
      ...["1.64 × 10¹⁶", "4 × 10¹⁴", "1000"],
    ]
  ) {
    assertStringIncludes(tables, text);
  }
  const card = section("chosen-plan");
  assertStringIncludes(card, "+2.2 −1.5");
  assertStringIncludes(card, "12.25");
  assertStringIncludes(card, "A step");
  assertStringIncludes(card, "It is bound by compute.");
  assertStringIncludes(card.replace(/<[^>]*>/g, ""), "tp=2,pp=4,ep=8");
});

Deno.test("a scatter marks the chosen point, names, the front and what cannot be", () => {
  const drawing = between(section("front"), '<svg class="frame-plot"', "</figure>");
  assertEquals(drawing.match(/class="chosen"/g)?.length, 1);
  assertEquals(drawing.match(/class="named"/g)?.length, 1);
  assertStringIncludes(drawing, ">the best<");
  assertStringIncludes(drawing, ">ours<");
  assertStringIncludes(drawing, "url(#front-hatch)");
  assertStringIncludes(drawing, "5 points, 3 of them on the front");
  // Steps: to the right at the height of the point before, then down.
  const corners = between(drawing, 'class="front-line" d="', '"').slice(1).split("L");
  assertEquals(corners.length, 5);
  const [[, first], [across, still], [down]] = corners.map((c) => c.split(" ").map(Number));
  assertEquals(first, still);
  assertEquals(across, down);
});

Deno.test("a table of many points keeps the front and the names", () => {
  const points = Array.from({ length: 1000 }, (_, i) => ({ label: `p${i}`, x: i, y: 1 }));
  const shown = shownPoints({ points: [...points, { ...scatter.points[0], x: 5000 }] });
  assertEquals(shown.length, 200);
  assertEquals(shown.at(-1)?.name, "the best");
});

Deno.test("a waterfall ends where its parts end, and says what is left or missing", () => {
  assertEquals(totalOf(waterfall), 56 * 1024 ** 3);
  const widths = [...section("memory").matchAll(/x="([\d.]+)%" y="2" width="([\d.]+)%"/g)];
  const [first, second, sum] = widths.map((m) => [Number(m[1]), Number(m[2])]);
  assertEquals(first[0], 0);
  assertLess(Math.abs(second[0] - first[1]), 0.02);
  assertLess(Math.abs(second[0] + second[1] - sum[1]), 0.02);
  const over = { ...waterfall, limit: { value: 50 * 1024 ** 3, label: "the device" } };
  const page = renderReport({ ...drawn(), waterfalls: [over] });
  assertStringIncludes(tableText(section("memory", page)), "too much 6 GiB");
  assertStringIncludes(section("memory", page), "fill-bad");
});

Deno.test("bars to both sides meet at nothing", () => {
  const [, left] = section("sensitivity").match(/class="fill-0" x="([\d.]+)%"/)!;
  const zero = section("sensitivity").match(/class="zero-line" x1="([\d.]+)%"/)![1];
  const [, right] = section("sensitivity").match(/class="fill-1" x="([\d.]+)%"/)!;
  assertEquals(left, "0");
  assertEquals(right, zero);
  assertLess(Math.abs(Number(zero) - 100 * 0.071 / 0.083), 0.02);
});

Deno.test("stacked bars tell the largest parts apart and put the rest last", () => {
  const labels = partLabels(stacked.bars);
  assertEquals(labels[0], "part 6");
  assertEquals(labels.at(-1), "all others");
  assertStringIncludes(section("shares"), "3 smaller parts");
  assertEquals([...section("shares").matchAll(/fill-5 parted/g)].length, 6);
});

Deno.test("a funnel counts beyond what a double can hold", () => {
  assertEquals(remainders(funnel), ["400000000000001", "1001", "1001", "1001"]);
  assertStringIncludes(section("searched"), 'title="16400000000000001"');
});

Deno.test("a page without plots goes without the chart library; with them it has it", () => {
  assertLess(html.length, 90_000);
  assert(!html.includes("beforeDatasetsDraw"));
  const { cards: _, ...rest } = drawn();
  const roofline: Result["roofline"] = {
    peakFlopsPerSecond: 1e12,
    memoryBytesPerSecond: 1e11,
    points: [],
  };
  assertStringIncludes(renderReport({ ...rest, roofline }), "beforeDatasetsDraw");
});

Deno.test("axes hold their values in order, with ticks at round places", () => {
  const axis = { title: "step", unit: "seconds" } as const;
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 }),
      fc.constantFrom(true, false, undefined),
      (values, log) => {
        const { at, ticks } = visualScale({ ...axis, log }, values);
        const sorted = [...values].sort((a, b) => a - b).map(at);
        sorted.forEach((share, i) => {
          assert(share >= 0 && share <= 1);
          if (i > 0) assert(share >= sorted[i - 1]);
        });
        for (const tick of ticks) assert(tick.at >= 0 && tick.at <= 1);
        if (log === false) assert(ticks.length >= 2 && ticks.length <= 9);
        assertEquals(new Set(ticks.map(({ label }) => label)).size, ticks.length);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
  assertEquals(visualScale(axis, [1, 2]).title, "step, s");
  assertEquals(visualScale(axis, [1, 21]).title, "step");
  const counts = visualScale({ title: "devices", unit: "count", log: true }, [8, 8, 16, 1024]);
  assertEquals(counts.ticks.map(({ label }) => label), ["8", "16", "1024"]);
});
