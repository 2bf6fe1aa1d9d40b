/**
 * What data ranks exchange for a layer: parameters that are sharded, gradients.
 *
 * Where parameters are sharded (ZeRO 3) a layer has its own exchanges in every pass. Otherwise those of
 * a stage, once a step, are cut into buckets of a layer each, in proportion to its parameters.
 *
 * @module
 */
import { formats } from "../../cost/formats.ts";
import { outerTier } from "../../network/closed/group.ts";
import type { StepExchange } from "./parts.ts";
import type { ItemSite } from "./layer_items.ts";
import type { StageLayer } from "./stage_layers.ts";

/** What is exchanged. */
export type DataKind = "parameters" | "gradients";

/** Whether what data ranks exchange leaves the innermost domain. */
function leaves({ costed, machine }: ItemSite): boolean {
  const { shard, expertData } = costed.groups;
  return [shard, expertData].some((group) =>
    group.ranks > 1 && outerTier(group, machine.fabric) > 0
  );
}

/** Bytes that a rank sends around rings of its data ranks, and gets. */
function ringBytes(held: StageLayer["parameters"], kind: DataKind, site: ItemSite): number {
  const { plan, costed: { groups: { shard, expertData } } } = site;
  const wire = formats[plan.formats[kind] ?? "bf16"].bytes;
  const around = (elements: number, ranks: number) => elements * wire * (ranks - 1) / ranks;
  const once = around(held.dense, shard.ranks) + around(held.experts, expertData.ranks);
  // Without ZeRO every rank needs the sum: a scatter and a gather.
  return kind === "gradients" && plan.zero === 0 ? 2 * once : once;
}

/** An exchange of some seconds between data ranks. */
export function dataExchange(
  of: { kind: DataKind; seconds: number; held: StageLayer["parameters"] },
  site: ItemSite,
): StepExchange {
  const { plan, machine: { stack } } = site;
  const classes = site.speeds.length;
  const overlapped = plan.overlap[of.kind];
  const bytes = new Float64Array(classes).fill(ringBytes(of.held, of.kind, site));
  return {
    name: of.kind === "gradients" ? "reduce gradients" : "gather parameters",
    kind: plan.zero === 3 ? "shards" : "data",
    stream: "data",
    seconds: new Float64Array(classes).fill(of.seconds),
    blockShare: overlapped ? 1 - stack.hiddenShare[of.kind] : 0,
    alone: !overlapped,
    outside: leaves(site),
    sentBytes: bytes,
    receivedBytes: bytes,
  };
}

/** Parameters of some layers on a rank. */
export function parametersOf(layers: readonly StageLayer[]): StageLayer["parameters"] {
  const sum = { dense: 0, experts: 0 };
  for (const { parameters } of layers) {
    sum.dense += parameters.dense;
    sum.experts += parameters.experts;
  }
  return sum;
}

/** A layer's bucket of an exchange of its stage, or its own exchange where parameters are sharded. */
export function layerExchange(
  layer: StageLayer,
  of: { kind: DataKind; backward: boolean; stageSeconds: number; stage: readonly StageLayer[] },
  site: ItemSite,
): StepExchange | undefined {
  const [cost] = layer.costs;
  const held = layer.parameters;
  let seconds: number;
  if (site.plan.zero === 3) {
    seconds = of.kind === "gradients"
      ? cost.backwardWeight.scatterSeconds
      : cost[of.backward ? "backwardInput" : "forward"].gatherSeconds;
  } else {
    const all = parametersOf(of.stage);
    seconds = of.stageSeconds * (held.dense + held.experts) / (all.dense + all.experts);
  }
  return seconds > 0 ? dataExchange({ kind: of.kind, seconds, held }, site) : undefined;
}
