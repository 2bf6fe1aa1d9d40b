/**
 * Where to put experts: by load, by node, with replicas, and by affinity; judged on tokens that the
 * placement was not made by.
 *
 * @module
 */
import { join } from "node:path";
import { stableJson, writeTextFile } from "../../kernels/base/files.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { compileFabric } from "../../sim/network/fabric.ts";
import { placedSlots, ranksPerNode } from "../../sim/placement/placed_slots.ts";
import type { ExpertSlots } from "../../sim/placement/slots.ts";
import { type Circumstances, type Context, defineExperiment, type Outcome } from "../define.ts";
import { contentId } from "../hash.ts";
import { readSimulation } from "../simulate/inputs.ts";
import type { Simulation } from "../simulate/simulation.ts";
import { seedsFrom } from "../training/arena.ts";
import { affinityTable } from "./affinity_table.ts";
import { armsOf } from "./arms.ts";
import { armBars, armTable, judgeArms } from "./arm_table.ts";
import { certifiedTable, certifyLayers } from "./certified_layers.ts";
import { placementChecks } from "./placement_checks.ts";
import { placementDecision, placementNotes, placementVerdict } from "./placement_words.ts";
import { madeUpTrace, recordedTrace, type TraceSource } from "./traces.ts";

/** Placements of experts, compared. */
export const placementExperiment = defineExperiment({
  id: "placement",
  title: "Where to put experts",
  question:
    "How much shorter is a step where experts are placed by what earlier tokens chose, and how many redundant experts pay?",
  parameters: {
    model: { quick: "olmoe", full: "olmoe", note: "model that is simulated" },
    cluster: { quick: "h100:16", full: "h100:16", note: "cluster that is simulated" },
    plan: { quick: "ep=16,zero=1", full: "ep=16,zero=1", note: "its plan" },
    skews: { quick: [0.4, 0.8], full: [0.2, 0.4, 0.8, 1.2], note: "exponents of made-up traces" },
    tokens: { quick: 8192, full: 65536, note: "tokens of a made-up trace" },
    layers: { quick: 4, full: 16, note: "layers of a made-up trace; the model's repeat them" },
    drift: {
      quick: 0.2,
      full: 0.2,
      note: "how far popularity moves between the halves, in e-folds",
    },
    affinity: { quick: 0.5, full: 0.5, note: "share of choices that follow from the layer before" },
    traces: {
      quick: ["mixtral", "loss-free"],
      full: ["mixtral", "loss-free"],
      note: "recorded traces: those that ship, or paths of files of routing-trace",
    },
    followed: { quick: 1, full: 1, note: "experts of a token in the traces for affinity" },
    redundant: { quick: [1, 2], full: [1, 2, 4], note: "redundant experts of a rank" },
    seeds: { quick: 2, full: 5, note: "seeds of each trace" },
    certified: { quick: 2, full: 4, note: "layers of each trace that a bound is certified for" },
    seconds: { quick: 2, full: 20, note: "seconds that HiGHS may take for a layer" },
  },
  run: runPlacement,
});

/** Values of the parameters. */
export interface PlacementValues {
  model: string;
  cluster: string;
  plan: string;
  skews: readonly number[];
  tokens: number;
  layers: number;
  drift: number;
  affinity: number;
  traces: readonly string[];
  followed: number;
  redundant: readonly number[];
  seeds: number;
  certified: number;
  seconds: number;
}

/** A trace's placement by swaps, as `--placement` reads it. */
function slotsByLoad(
  share_LE: readonly (readonly number[])[],
  { sizes, plan }: Simulation,
  nodeDevices: number,
): ExpertSlots[] {
  const routing = { kind: "trace", share_LE } as const;
  const placement = { kind: "method", method: "swaps", nodeDevices } as const;
  const site = { moe: sizes.moe!, plan, workload: { routing, placement } };
  return share_LE.map((share_E, layer) => placedSlots(site, { layer, share_E })!.slots_RS);
}

/** Nothing runs on a device. */
async function circumstances(traces: readonly TraceSource[]): Promise<Circumstances> {
  const recorded = traces.flatMap(({ name, counts_LE }) => counts_LE ? [{ name, counts_LE }] : []);
  return {
    adapter: {
      ...{ vendor: "none", architecture: "none", device: "none", description: "none is used" },
      ...{ software: false, features: [], limits: {}, subgroupSize: 0 },
    },
    timer: { kind: "none", resolutionSeconds: 0 },
    inputs: Object.fromEntries(
      await Promise.all(
        recorded.map(async ({ name, counts_LE }) => [name, await contentId(counts_LE)]),
      ),
    ),
    kernels: {},
  };
}

/** Refuses counts that nothing can be made of, before anything is written. */
function checkCounts({ redundant, seeds, certified, seconds }: PlacementValues): void {
  const isCount = (n: number, least: number) => Number.isSafeInteger(n) && n >= least;
  const rules: readonly [name: string, found: unknown, holds: boolean, wanted: string][] = [
    ["redundant", redundant, redundant.every((n) => isCount(n, 0)), "whole numbers from 0 on"],
    ["seeds", seeds, isCount(seeds, 1), "a whole number from 1 on"],
    ["certified", certified, isCount(certified, 0), "a whole number from 0 on"],
    ["seconds", seconds, seconds > 0, "a number above 0"],
  ];
  const broken = rules.find(([, , holds]) => !holds);
  if (broken === undefined) return;
  const [name, found, , wanted] = broken;
  throw new UserError(`Cannot place experts with ${name}=${found}: wanted ${wanted}`);
}

async function runPlacement(
  context: Context<{ [K in keyof PlacementValues]: PlacementValues[K] }>,
): Promise<Outcome> {
  const { seed, parameters, out } = context;
  const { model, cluster, plan, skews, redundant, certified, seconds } = parameters;
  checkCounts(parameters);
  const words = { model, cluster, plan };
  const simulation = await readSimulation({
    ...words,
    ...{ routing: "balanced", sequence: 4096, stack: "base", graphs: "none", seed },
  });
  const { sizes, plan: { ep } } = simulation;
  if (!sizes.moe || ep === 1) {
    throw new UserError(
      `Cannot place experts of ${model} with ep=${ep}: wanted a mixture and ep=2 or more`,
    );
  }
  const traces = [
    ...skews.map((skew) => madeUpTrace(skew, sizes, parameters)),
    ...await Promise.all(parameters.traces.map((word) => recordedTrace(word, sizes))),
  ];
  const few = { ...sizes, moe: { ...sizes.moe, topK: parameters.followed } };
  const followed = skews.map((skew) => madeUpTrace(skew, few, parameters));
  const seeds = seedsFrom(seed, parameters.seeds);
  const nodeDevices = compileFabric(simulation.cluster).tiers[0].span;
  const perNode = ranksPerNode(simulation.plan, { kind: "method", method: "swaps", nodeDevices });
  const arms = armsOf(redundant);
  const judged = await judgeArms({ arms, traces, seeds }, { simulation, nodeDevices }, context);
  const settings = { ranks: ep, layers: certified, seconds, seed };
  const layers = await certifyLayers(traces, settings, context);
  const tables = [
    await armTable(judged, words),
    await certifiedTable(layers, settings),
    await affinityTable(followed, { ranks: ep, perNode, seeds }),
  ];
  for (const { name, counts_LE } of traces) {
    if (!counts_LE) continue;
    const path = join(
      out,
      "placements",
      `${name.replace(/^recorded /, "").replace(/\W+/g, "-")}.json`,
    );
    const slots_LRS = slotsByLoad(counts_LE, simulation, nodeDevices);
    await writeTextFile(path, stableJson({ slots_LRS }));
    context.log(`Placement   ${path}`);
  }
  return {
    verdict: placementVerdict(judged, layers),
    decision: placementDecision(judged),
    notes: placementNotes(parameters),
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    bars: traces.length > 0 ? [armBars(judged, traces[0].name)] : [],
    checks: placementChecks(judged, layers),
    circumstances: await circumstances(traces),
  };
}
