/**
 * What the report of placements says.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import { formatNumber } from "../../reports/format.ts";
import type { Result } from "../../reports/result.ts";
import type { CertifiedLayer } from "./certified_layers.ts";
import { type JudgedArm, savedOf } from "./arm_table.ts";

const percent = (x: number) => formatNumber(x, "fraction", 2);
const range = ({ lo, hi }: Estimate) => `${percent(lo)} to ${percent(hi)}`;

/** What an arm saves over all traces. */
function savings(judged: readonly JudgedArm[], pick: (one: JudgedArm) => boolean): Estimate[] {
  return judged.filter(pick).map((one) => savedOf(judged, one));
}

function across(estimates: readonly Estimate[]): string {
  const values = estimates.map(({ value }) => value);
  return `${percent(Math.min(...values))} to ${percent(Math.max(...values))}`;
}

/** The answer. */
export function placementVerdict(
  judged: readonly JudgedArm[],
  certified: readonly CertifiedLayer[],
): string {
  if (judged.length === 0) return "No trace was given: nothing to say.";
  const plain = savings(
    judged,
    ({ arm }) => arm.method === "swaps" && arm.redundantPerRank === 0,
  );
  const most = Math.max(...judged.map(({ arm }) => arm.redundantPerRank));
  const replicated = savings(
    judged,
    ({ arm }) => arm.method === "swaps" && arm.redundantPerRank === most && most > 0,
  );
  const proven = certified.filter(({ certificate }) => certificate.gapFraction === 0).length;
  const gap = Math.max(0, ...certified.map(({ certificate }) => certificate.gapFraction));
  return `On tokens that it was not made by, a placement by load shortens the simulated step by ` +
    `${across(plain)}, depending on the trace` +
    (replicated.length > 0
      ? `, and by ${across(replicated)} with ${most} redundant experts a rank`
      : "") +
    (certified.length > 0
      ? `; of ${certified.length} layers, the best placement is proven for ${proven}, and the bound ` +
        `leaves at most ${percent(gap)} open.`
      : ".");
}

/** What a less simple placement has to save of a step to be worth it. */
const worthwhile = 0.01;

/** What follows from it. */
export function placementDecision(judged: readonly JudgedArm[]): string {
  const names = [...new Set(judged.map(({ trace }) => trace))];
  const advice = names.map((trace) => {
    const own = judged.filter((one) => one.trace === trace);
    const most = Math.max(...own.map((one) => savedOf(judged, one).value));
    const best = own.find((one) => savedOf(judged, one).value >= most - worthwhile)!;
    return `${best.arm.name} under ${trace} (${range(savedOf(judged, best))} shorter)`;
  });
  return names.length === 0
    ? "Nothing follows from it."
    : `The simplest placements within ${percent(worthwhile)} of the shortest step are ${
      advice.join("; ")
    }. Place by a trace of the router at hand, and count again as it learns: a popularity that moves ` +
      "faster than placements do would change this.";
}

/** How it was done, and its limits. */
export function placementNotes(values: { tokens: number; drift: number }): Result["notes"] {
  return [
    {
      heading: "How placements are made and judged",
      paragraphs: [
        "Every placement is made by the first half of a trace and judged by the second, by the fullest " +
        "rank of each layer and by the step of a cluster, simulated by events. Longest-first gives the " +
        "most wanted expert that is left to the lightest rank with room; swaps then exchange two " +
        "experts as long as that lowers the fullest rank; hierarchical places by node first, and " +
        "within it by rank.",
        "Redundant experts are further replicas of the most wanted ones, which share their tokens " +
        "equally. Each is a whole expert in memory, with its own state of the optimiser, and its " +
        "gradients are added up with those of its siblings once a step.",
      ],
    },
    {
      heading: "The traces",
      paragraphs: [
        `Made-up traces have ${values.tokens} tokens; the i-th most popular expert of a layer is wanted ` +
        `in proportion to i to the power of minus the skew. In the second half every popularity is ` +
        `multiplied by a random factor, log-normal with a deviation of ${values.drift}.`,
        "Recorded traces are counts of held-out tokens without their order. They are split by chance, " +
        "choice by choice, so that the halves differ by sampling alone: what a router changes in the " +
        "course of a training does not show.",
      ],
    },
    {
      heading: "The bound",
      paragraphs: [
        "HiGHS minimises the fullest rank over all placements with as many experts on every rank and no " +
        "replicas. It begins with the placement of the swaps and stops after a time limit; the gap is " +
        "what lies between its best placement and the bound that it has proven.",
      ],
    },
    {
      heading: "Affinity",
      paragraphs: [
        "Placement by affinity keeps experts that tokens choose one after the other near each other, as " +
        "ExFlow does (arXiv 2401.08383). It saves hops where tokens stay on the device of their last " +
        "expert. In the steps above every token goes home after each layer, as in training frameworks, " +
        "so that these hops are in no step. The traces for it have few experts a token: of k choices " +
        "in each of two layers k times k pairs count, and most of them follow from nothing.",
      ],
    },
  ];
}
