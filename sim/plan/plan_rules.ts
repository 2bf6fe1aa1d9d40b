/**
 * What a plan has to satisfy, one rule a row. A rule says what is wrong and which fields could be
 * changed to mend it.
 *
 * @module
 */
import type { MoeSizes, Sizes } from "../cost/sizes.ts";
import type { Workload } from "../cost/workload.ts";
import type { Plan } from "./plan.ts";
import { modelParts } from "./stage_layers.ts";
import { microBatchesFault, stageLayersFault } from "./stage_faults.ts";

/** What a plan is for. */
export interface PlanSite {
  /** Devices of the job. */
  devices: number;
  /** The model. */
  sizes: Sizes;
  /** What it is fed with. */
  workload: Workload;
}

/** Fields that a nearest plan may change. */
export type MendableField =
  | "tp"
  | "cp"
  | "dp"
  | "pp"
  | "vpp"
  | "ep"
  | "etp"
  | "zero"
  | "schedule"
  | "shardRanks"
  | "microBatch"
  | "globalBatch"
  | "sequenceParallel"
  | "contextExchange";

/** A rule of plans. */
export interface PlanRule {
  /** What it is about, for messages. */
  name: string;
  /** What could be changed to mend a fault, the first first. */
  mends: readonly MendableField[];
  /** What is wrong with a plan, if anything. */
  fault(plan: Plan, site: PlanSite): string | undefined;
}

/** Says that one thing does not divide another, if so. */
function indivisible(what: string, whole: number, by: Record<string, number>): string | undefined {
  const product = Object.values(by).reduce((a, b) => a * b, 1);
  if (whole % product === 0) return undefined;
  const names = Object.entries(by).map(([name, value]) => `${name} ${value}`).join(" times ");
  return `${whole} ${what} cannot be divided by ${names}`;
}

/** Says why redundant experts do not go on so many ranks, if so. */
function redundancyFault({ experts, redundant = 0 }: MoeSizes, ep: number): string | undefined {
  // A slot of each expert on every rank.
  const most = (ep - 1) * experts;
  const fault = indivisible("redundant experts", redundant, { ep });
  if (fault !== undefined) {
    const below = Math.min(most, Math.floor(redundant / ep) * ep);
    return `${fault}, wanted such as ${below}${below + ep > most ? "" : ` or ${below + ep}`}`;
  }
  const slots = (experts + redundant) / ep;
  if (slots <= experts) return undefined;
  return `${redundant} redundant experts make ${slots} slots a rank with ep ${ep}, for ${experts} ` +
    `experts, wanted at most ${most}`;
}

/** The rules, in the order in which they are checked. */
export const planRules: readonly PlanRule[] = [
  {
    name: "world",
    mends: ["tp", "pp", "cp"],
    fault: ({ tp, cp, pp }, { devices }) => indivisible("devices", devices, { tp, cp, pp }),
  },
  {
    name: "replicas",
    mends: ["dp"],
    fault: ({ tp, cp, dp, pp }, { devices }) =>
      tp * cp * dp * pp === devices
        ? undefined
        : `tp ${tp} times cp ${cp} times dp ${dp} times pp ${pp} is no world of ${devices} devices`,
  },
  {
    name: "experts exist",
    mends: ["ep", "etp"],
    fault: ({ ep, etp, capacityFactor }, { sizes }) =>
      sizes.moe || (ep === 1 && etp === 1 && capacityFactor === undefined)
        ? undefined
        : `${sizes.name} has no experts for ep ${ep}, etp ${etp} or a capacity`,
  },
  {
    name: "expert world",
    mends: ["ep", "etp", "pp"],
    fault: ({ tp, cp, dp, ep, etp }) =>
      indivisible("devices of a stage", tp * cp * dp, { etp, ep }),
  },
  {
    name: "experts",
    mends: ["ep"],
    fault: ({ ep }, { sizes: { moe } }) =>
      moe && (indivisible("experts", moe.experts, { ep }) ?? redundancyFault(moe, ep)),
  },
  {
    name: "expert width",
    mends: ["etp"],
    fault: ({ etp }, { sizes }) =>
      sizes.moe && indivisible("channels of an expert", sizes.moe.width, { etp }),
  },
  {
    name: "heads",
    mends: ["tp"],
    fault: ({ tp }, { sizes }) => indivisible("heads", sizes.attention.heads, { tp }),
  },
  {
    // Fewer key and value heads than ranks are held in as many copies as it takes.
    name: "key and value heads",
    mends: ["tp"],
    fault: ({ tp }, { sizes: { attention: { kvHeads } } }) =>
      tp % kvHeads === 0 ? undefined : indivisible("key and value heads", kvHeads, { tp }),
  },
  {
    name: "heads by context",
    mends: ["contextExchange", "cp", "tp"],
    fault: ({ tp, cp, contextExchange }, { sizes }) =>
      contextExchange === "a2a"
        ? indivisible("heads, exchanged all-to-all,", sizes.attention.heads, { tp, cp })
        : undefined,
  },
  {
    name: "dense width",
    mends: ["tp"],
    fault: ({ tp }, { sizes }) =>
      indivisible("channels of a dense layer", sizes.ffnWidth, { tp }) ??
        (sizes.moe && indivisible("channels of the shared experts", sizes.moe.sharedWidth, { tp })),
  },
  {
    // Under a causal mask a rank takes one slice from each end, so that all have equal work.
    name: "sequence by context",
    mends: ["cp"],
    fault: ({ cp }, { workload: { sequence, causal } }) =>
      cp === 1
        ? undefined
        : indivisible("tokens of a sequence", sequence, causal ? { "twice cp": 2 * cp } : { cp }),
  },
  {
    name: "sequence by tensor",
    mends: ["tp", "sequenceParallel"],
    fault: ({ tp, cp, sequenceParallel }, { workload }) =>
      sequenceParallel
        ? indivisible("tokens of a sequence", workload.sequence, { tp, cp })
        : undefined,
  },
  {
    name: "batch",
    mends: ["globalBatch", "microBatch"],
    fault: ({ globalBatch, dp, microBatch }) =>
      indivisible("sequences of a step", globalBatch, { dp, "micro-batch": microBatch }),
  },
  {
    name: "shards",
    mends: ["shardRanks"],
    fault: ({ dp, cp, shardRanks }) =>
      shardRanks === undefined
        ? undefined
        : indivisible("replicas (dp times cp)", dp * cp, { "shards over": shardRanks }),
  },
  {
    // Parameters would be gathered again for every micro-batch. Where FSDP runs under a pipeline
    // they stay after the forward pass, which is zero 2 here (Llama 3, arXiv 2407.21783, 3.3.2).
    name: "sharded parameters",
    mends: ["zero", "pp"],
    fault: ({ zero, pp }) =>
      zero === 3 && pp > 1 ? `zero 3 cannot be joined with pp ${pp}` : undefined,
  },
  {
    name: "chunks",
    mends: ["schedule", "vpp"],
    fault: ({ vpp, pp, schedule }) =>
      vpp > 1 && schedule !== "interleaved"
        ? `vpp ${vpp} is for the schedule interleaved, not for ${schedule}`
        : vpp > 1 && pp === 1
        ? `vpp ${vpp} needs more than one stage`
        : undefined,
  },
  {
    name: "layers",
    mends: ["vpp", "pp"],
    fault: (plan, { sizes }) =>
      plan.stageLayers === undefined && modelParts(plan) > sizes.layers
        ? `${sizes.layers} layers are too few for ${modelParts(plan)} parts`
        : undefined,
  },
  {
    name: "layers of stages",
    mends: [],
    fault: (plan, { sizes }) => stageLayersFault(plan, sizes.layers),
  },
  {
    name: "two-way pipeline",
    mends: ["pp", "schedule"],
    fault: ({ schedule, pp }) =>
      schedule === "dualpipe" && pp % 2 !== 0
        ? `dualpipe cannot fold ${pp} stages in two`
        : undefined,
  },
  { name: "micro-batches", mends: ["globalBatch", "pp", "schedule"], fault: microBatchesFault },
  {
    name: "overlap",
    mends: ["schedule"],
    fault: ({ overlap, schedule }, { sizes }) =>
      overlap.experts === "dualpipe" && !schedule.startsWith("dualpipe")
        ? `experts:dualpipe is for the schedules dualpipe and dualpipe-v, not for ${schedule}`
        : overlap.experts === "shared" && !sizes.moe?.sharedWidth
        ? `${sizes.name} has no shared experts to hide the exchange of tokens`
        : overlap.experts === "attention" && !(sizes.moe && sizes.parallel)
        ? `experts:attention is for experts beside the attention of a parallel block, which ` +
          `${sizes.name} has not`
        : undefined,
  },
];

/** The first rule that a plan breaks, and how; undefined where it holds. */
export function planFault(plan: Plan, site: PlanSite): { rule: string; says: string } | undefined {
  for (const { name, fault } of planRules) {
    const says = fault(plan, site);
    if (says !== undefined) return { rule: name, says };
  }
}
