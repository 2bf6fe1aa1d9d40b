import { assert, assertEquals, assertThrows } from "@std/assert";
import type { IntervalPlot } from "../../reports/interval_plot.ts";
import { renderReport } from "../../reports/report.ts";
import type { Result } from "../../reports/result.ts";
import { intervalAxis } from "../../reports/sections/interval_section.tsx";
import { validateResult } from "../../reports/validate.ts";
import { between, tableText, visibleBody } from "./page_parts.ts";
import { drawn } from "./visuals_fixture.ts";

const plot: IntervalPlot = {
  id: "found",
  title: "What was found",
  note: "Left is better.",
  kind: "measured",
  ...{ what: "difference", unit: "fraction" },
  lines: [
    {
      ...{ group: "first", label: "here", kind: "measured", value: -0.03, lo: -0.05, hi: -0.01 },
      parts: [{ label: "seed 1", value: -0.02, lo: -0.04, hi: -0.015 }],
      follows: "holds",
    },
    { group: "first", label: "in print", note: "no interval", kind: "published", value: -0.06 },
    { group: "second", label: "here", kind: "measured", value: 0.012 },
  ],
};

const page = (changes: Partial<IntervalPlot> = {}) =>
  visibleBody(renderReport({ ...drawn(), intervals: [{ ...plot, ...changes }] }));

Deno.test("every number stands in the table, with its kind and what follows", () => {
  const text = tableText(between(page(), '<section id="found"', "</section>"));
  for (
    const part of [
      ...["−3.0 %", "−5.0 % to −1.0 %", "−6.0 %", "+1.2 %", "no interval"],
      ...["measured", "published", "holds"],
    ]
  ) assert(text.includes(part), `${part} in ${text}`);
  // A group is named once.
  assertEquals(text.match(/first/g)?.length, 1);
});

Deno.test("the axis holds 0 and all ends, and nothing is drawn beyond it", () => {
  const { at } = intervalAxis(plot);
  assertEquals(at(-0.06), 0);
  assert(at(0) > at(-0.01) && at(0) < at(0.012) && at(0.012) <= 1);
  const section = between(page(), '<section id="found"', "</section>");
  const places = [...section.matchAll(/\s(?:x|x1|x2|cx)="(-?[\d.]+)%"/g)].map(([, x]) => Number(x));
  assert(places.length > 8 && places.every((x) => x >= 0 && x <= 100));
});

Deno.test("whiskers stand where there is an interval alone", () => {
  const section = between(page(), '<section id="found"', "</section>");
  assertEquals(section.match(/class="bar"/g)?.length, 2);
});

Deno.test("a plot without lines says so; one with a wrong field is refused", () => {
  assert(page({ lines: [] }).includes("There are no intervals to show."));
  const read = (intervals: unknown) =>
    validateResult(
      JSON.parse(JSON.stringify({ ...drawn(), intervals } as unknown as Result)),
      "result.json",
    );
  assertEquals(read([plot]).intervals, [plot]);
  assertThrows(
    () => read([{ ...plot, lines: [{ label: "x", kind: "guessed", value: 1 }] }]),
    TypeError,
    "intervals/0/lines/0/kind",
  );
  assertThrows(() => read([plot, plot]), TypeError, 'found "found" twice');
});
