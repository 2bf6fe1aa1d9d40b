/** Drawings as an experiment would write them. @module */
import { exactly } from "../../kernels/base/estimate.ts";
import type { Bars, Card, Funnel, LinePlot, Scatter, Waterfall } from "../../reports/visuals.ts";
import type { Result } from "../../reports/result.ts";
import { fixture } from "./fixture.ts";

const GiB = 1024 ** 3;

/** A card with an interval, a figure without one, and text with commas. */
export const card: Card = {
  id: "chosen-plan",
  title: "The plan",
  note: "A small mixture on eight devices.",
  kind: "simulated",
  figures: [
    {
      key: "stepSeconds",
      label: "a step",
      value: { value: 4.6, lo: 3.1, hi: 6.8, n: 0, method: "nine in ten of others" },
    },
    { key: "costDollars", value: exactly(12.25, "price"), note: "at 2 dollars an hour" },
  ],
  settings: [{ label: "tensor parallel", value: "2" }],
  text: "tp=2,pp=4,ep=8",
  paragraphs: ["It is bound by compute."],
};

/** Five plans, three of them on the front. */
export const scatter: Scatter = {
  id: "front",
  title: "Time and memory",
  note: "Further left is faster.",
  kind: "simulated",
  x: { title: "time of a step", unit: "seconds" },
  y: { title: "memory of a device", unit: "bytes" },
  limits: [{ axis: "y", value: 80 * GiB, label: "the device", forbidden: "above" }],
  points: [
    { label: "tp=1", x: 1.25, y: 75 * GiB, front: true, chosen: true, name: "the best" },
    { label: "tp=2", x: 1.5, y: 60 * GiB, front: true, figures: { costDollars: 3.5 } },
    { label: "tp=4", x: 2.5, y: 40 * GiB, front: true },
    { label: "tp=4,pp=2", x: 2.75, y: 64 * GiB },
    { label: "pp=4", x: 2, y: 90 * GiB, name: "ours" },
  ],
};

/** Two curves, one of them an ideal. */
export const linePlot: LinePlot = {
  id: "scaling",
  title: "More devices",
  note: "Tokens a second by devices.",
  kind: "simulated",
  x: { title: "devices", unit: "count", log: true },
  y: { title: "tokens a second", unit: "perSecond" },
  series: [
    {
      name: "best plan",
      points: [8, 16, 64].map((x) => ({ x, y: 900 * x, lo: 800 * x, hi: 1000 * x, label: `${x}` })),
    },
    {
      name: "perfect",
      kind: "derived",
      dashed: true,
      points: [{ x: 8, y: 7200 }, { x: 64, y: 57600 }],
    },
  ],
};

/** Memory under a limit. */
export const waterfall: Waterfall = {
  id: "memory",
  title: "Memory",
  note: "The fullest stage.",
  kind: "simulated",
  unit: "bytes",
  parts: [
    { label: "parameters", value: 16 * GiB },
    { label: "activations", value: 40 * GiB, note: "four micro-batches" },
  ],
  total: "the peak",
  limit: { value: 64 * GiB, label: "the device" },
};

/** Changes to either side. */
export const signed: Bars = {
  id: "sensitivity",
  title: "What would change it",
  note: "One input at a time.",
  kind: "simulated",
  unit: "fraction",
  form: "signed",
  bars: [
    { label: "bandwidth", parts: [{ label: "", value: -0.071 }] },
    { label: "latency", parts: [{ label: "", value: 0.012, note: "1.02 s" }] },
  ],
};

/** Shares of two bars with more parts than tones. */
export const stacked: Bars = {
  ...signed,
  id: "shares",
  title: "Where it goes",
  unit: "seconds",
  form: "stacked",
  bars: ["first", "second"].map((label, i) => ({
    label,
    parts: [
      { label: "all others", value: 8, rest: true },
      ...Array.from({ length: 7 }, (_, k) => ({ label: `part ${k}`, value: 1 + k + i })),
    ],
  })),
};

/** More than a double can count. */
export const funnel: Funnel = {
  id: "searched",
  title: "What was searched",
  note: "Plans.",
  kind: "derived",
  unit: "plans",
  total: "16400000000000001",
  steps: [
    { label: "broken", count: "16000000000000000", outcome: "fell", note: "by a rule" },
    { label: "too slow", count: "399999999999000", outcome: "fell" },
    { label: "left", count: "1", outcome: "open" },
    { label: "priced", count: "1000", outcome: "kept" },
  ],
};

/** A result with nothing but drawings. */
export function drawn(): Result {
  return {
    ...fixture(),
    ...{ tables: [], rows: [], samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    ...{ roofline: undefined, checks: [] },
    cards: [card],
    scatters: [scatter],
    lines: [linePlot],
    bars: [signed, stacked],
    waterfalls: [waterfall],
    funnels: [funnel],
    sections: ["chosen-plan", "memory", "front"],
  };
}
