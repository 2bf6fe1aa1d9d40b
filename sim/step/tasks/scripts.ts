/**
 * What a stage does in an operation of its program, as items.
 *
 * Operations alike share their items. Layer by layer, and not in as few items as possible, go those
 * at whose layers data ranks exchange something: all where parameters are sharded (ZeRO 3), else the
 * first forward pass of a chunk, for which parameters are gathered, and the last backward pass of its
 * weights, behind which gradients are reduced.
 *
 * @module
 */
import type { Operation, OperationPhase, PipelineProgram } from "../../pipeline/program.ts";
import { layerExchange } from "./data_exchanges.ts";
import { type ItemSite, layerItems } from "./layer_items.ts";
import { delayed, type Item, merged } from "./parts.ts";
import type { StageLayer } from "./stage_layers.ts";

/** A stage as scripts see it. */
export interface ScriptStage {
  /** What items depend on. */
  site: ItemSite;
  /** Which stage. */
  stage: number;
  /** Layers by chunk. */
  chunks: readonly (readonly StageLayer[])[];
}

const givesWeights = (phase: OperationPhase) => phase === "W" || phase === "BW";

/** Which data exchanges an operation is cut for. */
interface Hooks {
  gather: boolean;
  scatter: boolean;
}

function hooksOf(operation: Operation, { site, stage }: ScriptStage, ends: Ends): Hooks {
  const { plan, costed } = site;
  const { phase } = operation;
  if (plan.zero === 3) return { gather: phase !== "W", scatter: givesWeights(phase) };
  const { gradientSeconds, parameterSeconds } = costed.perStep[stage];
  return {
    gather: plan.overlap.parameters && parameterSeconds > 0 &&
      ends.first[operation.chunk] === operation,
    scatter: plan.overlap.gradients && gradientSeconds > 0 &&
      ends.last[operation.chunk] === operation,
  };
}

interface Ends {
  /** First forward pass of each chunk. */
  first: Operation[];
  /** Last gradient of weights of each chunk. */
  last: Operation[];
}

function endsOf({ operations }: PipelineProgram): Ends {
  const ends: Ends = { first: [], last: [] };
  for (const operation of operations) {
    const { phase, chunk } = operation;
    if (phase === "F") ends.first[chunk] ??= operation;
    if (givesWeights(phase)) ends.last[chunk] = operation;
  }
  return ends;
}

/** The items of a layer with the exchanges of its data ranks around them. */
function hooked(layer: StageLayer, operation: Operation, of: ScriptStage, hooks: Hooks): Item[] {
  const { site, stage } = of;
  const { phase } = operation;
  const items = merged(layerItems(layer, phase, site));
  const { gradientSeconds, parameterSeconds } = site.costed.perStep[stage];
  const exchange = (kind: "parameters" | "gradients", stageSeconds: number) =>
    layerExchange(
      layer,
      { kind, backward: phase !== "F", stageSeconds, stage: of.chunks.flat() },
      site,
    );
  if (hooks.gather) items[0] = { ...items[0], gather: exchange("parameters", parameterSeconds) };
  if (hooks.scatter) {
    const last = items.length - 1;
    items[last] = { ...items[last], scatter: exchange("gradients", gradientSeconds) };
  }
  return items;
}

function itemsOf(operation: Operation, of: ScriptStage, hooks: Hooks): Item[] {
  const { phase, chunk } = operation;
  const layers = phase === "F" ? of.chunks[chunk] : of.chunks[chunk].toReversed();
  if (hooks.gather || hooks.scatter) {
    return merged(layers.flatMap((layer) => hooked(layer, operation, of, hooks)));
  }
  const items = layers.flatMap((layer) => layerItems(layer, phase, of.site));
  const { experts } = of.site.plan.overlap;
  const apart = experts === "batches" || experts === "dualpipe";
  return merged(apart ? delayed(items) : items);
}

/** The items of every operation of a program. */
export function scriptsOf(program: PipelineProgram, of: ScriptStage): (readonly Item[])[] {
  const ends = endsOf(program);
  const known = new Map<string, Item[]>();
  return program.operations.map((operation) => {
    const hooks = hooksOf(operation, of, ends);
    const key = `${operation.phase}/${operation.chunk}/${hooks.gather}/${hooks.scatter}`;
    let items = known.get(key);
    if (items === undefined) {
      items = itemsOf(operation, of, hooks);
      // A chunk without layers still passes on what it gets.
      if (items.length === 0) items.push({ parts: [], waits: false, late: false });
      known.set(key, items);
    }
    return items;
  });
}
