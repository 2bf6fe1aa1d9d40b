/**
 * Placements under traces: the fullest rank on the half that nobody saw, and the step of a cluster.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { Bars } from "../../reports/visuals.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import type { Context } from "../define.ts";
import { contentId } from "../hash.ts";
import { type Arm, plainArm } from "./arms.ts";
import { judgeArm, type Judged, type JudgedSite } from "./judge_arm.ts";
import { overSeeds } from "./over_seeds.ts";
import type { TraceSource } from "./traces.ts";

/** An arm under a trace, by seed. */
export interface JudgedArm {
  /** The trace. */
  trace: string;
  /** The placement. */
  arm: Arm;
  /** What it comes to, by seed. */
  bySeed: Judged[];
}

/** Judges all arms under all traces. */
export async function judgeArms(
  of: { arms: readonly Arm[]; traces: readonly TraceSource[]; seeds: readonly number[] },
  site: Omit<JudgedSite, "seed">,
  { progress, signal }: Pick<Context, "progress" | "signal">,
): Promise<JudgedArm[]> {
  const { arms, traces, seeds } = of;
  const judged: JudgedArm[] = [];
  progress.start(traces.length * arms.length, "placements");
  for (const trace of traces) {
    const halves = seeds.map((seed) => trace.halves(seed));
    for (const arm of arms) {
      signal.throwIfAborted();
      const bySeed = halves.map((half, i) => judgeArm(arm, half, { ...site, seed: seeds[i] }));
      judged.push({ trace: trace.name, arm, bySeed });
      progress.step(`${trace.name}, ${arm.name}`);
      // Simulations block: let Ctrl-C be heard between two.
      await new Promise((resume) => setTimeout(resume));
    }
  }
  progress.stop();
  return judged;
}

/** The contiguous placement under the same trace. */
export function plainOf(judged: readonly JudgedArm[], trace: string): JudgedArm {
  return judged.find((one) => one.trace === trace && one.arm.name === plainArm.name)!;
}

/** How much shorter a step is than that of contiguous blocks, by seed. */
export function savedOf(judged: readonly JudgedArm[], { trace, bySeed }: JudgedArm): Estimate {
  const plain = plainOf(judged, trace).bySeed;
  return overSeeds(bySeed.map(({ stepSeconds }, i) => 1 - stepSeconds / plain[i].stepSeconds));
}

/** The table of placements. */
export async function armTable(
  judged: readonly JudgedArm[],
  words: { model: string; cluster: string; plan: string },
): Promise<{ info: TableInfo; rows: Row[] }> {
  const id = "placements";
  const rows = judged.map(async (one): Promise<Row> => {
    const { trace, arm, bySeed } = one;
    const layers = (pick: (judged: Judged) => number[]) =>
      overSeeds(bySeed.flatMap(pick), "layers and seeds");
    return {
      id: await contentId({ table: id, trace, arm, words }),
      table: id,
      labels: { trace, placement: arm.name },
      kind: "simulated",
      metrics: {
        ownBusiestOverMean: layers(({ own_L }) => own_L),
        busiestOverMean: layers(({ heldOut_L }) => heldOut_L),
        stepSeconds: overSeeds(bySeed.map(({ stepSeconds }) => stepSeconds)),
        savedFraction: savedOf(judged, one),
        peakBytes: overSeeds(bySeed.map(({ peakBytes }) => peakBytes)),
      },
      warnings: bySeed.every(({ fits }) => fits) ? [] : ["does not fit into the devices' memory"],
    };
  });
  return {
    info: {
      id,
      title:
        `${words.model} on ${words.cluster}, ${words.plan}: placements judged by tokens that they ` +
        `were not made by`,
      note:
        "Fullest expert rank over the mean, on the half that experts were placed by (own) and on " +
        "the other; the step is simulated by events under the other half. Saved is what the step is " +
        "shorter than with contiguous blocks.",
      columns: [
        ...["trace", "placement", "ownBusiestOverMean", "busiestOverMean", "stepSeconds"],
        ...["savedFraction", "peakBytes"],
      ],
      best: { stepSeconds: "lowest" },
    },
    rows: await Promise.all(rows),
  };
}

/** Where the time of an average rank goes, a bar for each placement under a trace. */
export function armBars(judged: readonly JudgedArm[], trace: string): Bars {
  const parts = [
    ["kernels", ["compute"]],
    ["tokens to experts", ["experts"]],
    ["waiting for the fullest rank", ["imbalance"]],
    ["all else", [
      ...["tensor", "context", "data", "shards", "pipeline", "bubble", "update", "fixed"] as const,
    ]],
  ] as const;
  return {
    id: "where-time-goes",
    title: `Where the time of an average rank goes, ${trace}`,
    note: "Under the half of the trace that placements were not made by; mean of the seeds.",
    kind: "simulated",
    unit: "seconds",
    form: "stacked",
    bars: judged.filter((one) => one.trace === trace).map(({ arm, bySeed }) => ({
      label: arm.name,
      parts: parts.map(([label, kinds]) => ({
        label,
        value: kinds.reduce(
          (sum, kind) =>
            sum + bySeed.reduce((all, { breakdown }) => all + breakdown[kind], 0) / bySeed.length,
          0,
        ),
      })),
    })),
  };
}
