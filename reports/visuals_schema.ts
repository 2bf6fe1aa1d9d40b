/**
 * Schemas of drawings.
 *
 * @module
 */
import { z } from "zod";
import { nearest, UserError } from "../kernels/base/errors.ts";
import { numberUnits } from "./format.ts";
import type { IntervalPlot } from "./interval_plot.ts";
import type { Result } from "./result.ts";
import { estimateSchema } from "./shared_schema.ts";
import type {
  Bars,
  Card,
  Funnel,
  Heatmap,
  LinePlot,
  Scatter,
  Visual,
  Waterfall,
} from "./visuals.ts";

const text = z.string();
const number = z.number();
const kind = z.enum(["measured", "simulated", "published", "derived"]);
const unit = z.enum(numberUnits);

const visual = { id: text, title: text, note: text, kind };

const axis = z.strictObject({ title: text, unit, log: z.boolean().optional() });

const limits = z.array(z.strictObject({
  axis: z.enum(["x", "y"]),
  value: number,
  label: text,
  forbidden: z.enum(["above", "below"]).optional(),
}));

const part = z.strictObject({
  label: text,
  value: number,
  note: text.optional(),
  rest: z.boolean().optional(),
});

const count = text.regex(/^\d+$/, "expected decimal digits");

const scatter: z.ZodType<Scatter> = z.strictObject({
  ...visual,
  x: axis,
  y: axis,
  points: z.array(z.strictObject({
    label: text,
    x: number,
    y: number,
    front: z.boolean().optional(),
    name: text.optional(),
    chosen: z.boolean().optional(),
    figures: z.record(text, number).optional(),
  })),
  limits: limits.optional(),
  table: text.optional(),
});

const linePlot: z.ZodType<LinePlot> = z.strictObject({
  ...visual,
  x: axis,
  y: axis,
  series: z.array(z.strictObject({
    name: text,
    kind: kind.optional(),
    dashed: z.boolean().optional(),
    points: z.array(z.strictObject({
      x: number,
      y: number,
      lo: number.optional(),
      hi: number.optional(),
      label: text.optional(),
    })),
  })),
  limits: limits.optional(),
});

const waterfall: z.ZodType<Waterfall> = z.strictObject({
  ...visual,
  unit,
  parts: z.array(part),
  total: text,
  limit: z.strictObject({ value: number, label: text }).optional(),
});

const bars: z.ZodType<Bars> = z.strictObject({
  ...visual,
  unit,
  form: z.enum(["stacked", "signed"]),
  bars: z.array(z.strictObject({ label: text, parts: z.array(part) })),
});

const funnel: z.ZodType<Funnel> = z.strictObject({
  ...visual,
  unit: text,
  total: count,
  steps: z.array(z.strictObject({
    label: text,
    count,
    outcome: z.enum(["fell", "kept", "open"]),
    note: text.optional(),
  })),
}).refine(
  ({ total, steps }) =>
    ![total, ...steps.map((s) => s.count)].every((n) => /^\d+$/.test(n)) ||
    steps.reduce((sum, s) => sum + BigInt(s.count), 0n) === BigInt(total),
  { error: "expected the counts of its steps to add up to its total" },
);

const card: z.ZodType<Card> = z.strictObject({
  ...visual,
  figures: z.array(z.strictObject({
    key: text,
    label: text.optional(),
    value: estimateSchema,
    note: text.optional(),
  })),
  settings: z.array(z.strictObject({ label: text, value: text })),
  text: text.optional(),
  paragraphs: z.array(text),
  lists: z.array(z.strictObject({ title: text, items: z.array(text) })).optional(),
});

const side = z.strictObject({ title: text, labels: z.array(text) });

const heatmap: z.ZodType<Heatmap> = z.strictObject({
  ...visual,
  rows: side,
  columns: side,
  what: text,
  unit,
  values: z.array(z.array(number.nullable())),
  middle: number.optional(),
}).refine(
  ({ rows, columns, values }) =>
    values.length === rows.labels.length &&
    values.every((row) => row.length === columns.labels.length),
  { error: "expected a number for each row and column" },
);

const mark = { value: number, lo: number.optional(), hi: number.optional() };

const intervalPlot: z.ZodType<IntervalPlot> = z.strictObject({
  ...visual,
  what: text,
  unit,
  lines: z.array(z.strictObject({
    label: text,
    group: text.optional(),
    note: text.optional(),
    kind,
    ...mark,
    parts: z.array(z.strictObject({ label: text, ...mark })).optional(),
    follows: text.optional(),
  })),
});

/** The fields of a result that hold drawings. */
export const visualFields = {
  cards: z.array(card).optional(),
  scatters: z.array(scatter).optional(),
  lines: z.array(linePlot).optional(),
  heatmaps: z.array(heatmap).optional(),
  bars: z.array(bars).optional(),
  waterfalls: z.array(waterfall).optional(),
  funnels: z.array(funnel).optional(),
  intervals: z.array(intervalPlot).optional(),
  sections: z.array(text).optional(),
};

/** Ids of the sections that are not drawings, in the order in which they are usually read. */
export const plainSections = [
  "provenance",
  "checks",
  "parity",
  "roofline",
  "timelines",
  "results",
  "samples",
  "understanding",
] as const;

/** All drawings of a result. */
export function visualsOf(result: Result): Visual[] {
  const { cards = [], scatters = [], lines = [], heatmaps = [] } = result;
  const { bars = [], waterfalls = [], funnels = [], intervals = [] } = result;
  return [
    ...[...cards, ...intervals, ...scatters, ...lines, ...heatmaps],
    ...[...bars, ...waterfalls, ...funnels],
  ];
}

/**
 * Checks that the drawings' ids are ids of no other section, and that the order of sections names
 * what is there.
 */
export function checkVisuals(result: Result, source: string): void {
  const known: string[] = [...plainSections, "answer"];
  for (const { id } of visualsOf(result)) {
    if (known.includes(id)) {
      throw new UserError(
        `Cannot read ${source}: expected a drawing with an id of its own but found "${id}" twice`,
      );
    }
    known.push(id);
  }
  const unknown = result.sections?.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new UserError(
    `Cannot read ${source}: at /sections expected ids of sections but found "${unknown}"` +
      (near ? `; did you mean "${near}"` : ""),
  );
}
