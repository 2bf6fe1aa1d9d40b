/**
 * Stages of a pipeline by what they hold: those alike are one, at the place where they have most to
 * wait for.
 *
 * @module
 */
import { scheduleFacts } from "../pipeline/schedule.ts";
import { chunkSends } from "../pipeline/sends.ts";
import type { LayerKind } from "../cost/phases.ts";
import { layersOfStages } from "../cost/layout.ts";
import type { Plan } from "../plan/plan.ts";
import type { Sizes } from "../cost/sizes.ts";

/** Kinds of layers in the order of all lists by kind. */
export const layerKinds: readonly LayerKind[] = ["embedding", "dense", "moe", "mtp", "head"];

/** Whether nothing of a layer can be computed again. */
export const isPlain = (kind: LayerKind): boolean => kind === "embedding" || kind === "head";

/** Layers by kind, in the order of `layerKinds`. */
export type KindList = readonly number[];

/** A stage; see the module. */
export interface StageShape {
  /** Layers of all of its chunks. */
  held: KindList;
  /** Layers whose forward passes a micro-batch has to pass before it reaches the stage. */
  before: KindList;
  /** Layers whose backward passes follow the last one here, where they are whole. */
  after: KindList;
  /** Sends that a micro-batch needs to get here. */
  sendsBefore: number;
  /** Sends that follow its last backward pass here, where these are whole. */
  sendsAfter: number;
  /** Sends of a micro-batch from here, both ways. */
  sends: number;
}

/** The shape of a pipeline. */
export interface PipelineStages {
  /** Stages that differ. */
  stages: readonly StageShape[];
  /** Copies of the model. */
  copies: number;
  /** Kinds of layers that the model has. */
  kinds: readonly LayerKind[];
}

function countsOf(kinds: readonly LayerKind[]): number[] {
  return layerKinds.map((kind) => kinds.filter((other) => other === kind).length);
}

const sum = (a: KindList, b: KindList) => a.map((n, i) => n + b[i]);

/** The stages of a cut. */
export function pipelineStages(sizes: Sizes, plan: Plan): PipelineStages {
  const layout = layersOfStages(sizes, plan);
  const { placement, splits, copies } = scheduleFacts[plan.schedule];
  const stages = layout.length;
  const of = { placement, stages, chunks: layout[0].length };
  const zero = layerKinds.map(() => 0);
  const shapes = new Map<string, StageShape>();
  let before: KindList = zero;
  layout.forEach((chunks, stage) => {
    const counts = chunks.map(countsOf);
    const held = counts.reduce(sum);
    let sends = 0;
    chunks.forEach((_, chunk) => {
      const goes = chunkSends({ stage, chunk }, of);
      sends += Number(goes.forward) + Number(goes.backward);
    });
    // Two directions enter at both ends: which of them is the nearer is left out.
    const twoWay = placement === "two-way";
    shapes.set(`${held}/${sends}`, {
      held,
      before: twoWay ? zero : before,
      after: twoWay || splits ? zero : before,
      sendsBefore: twoWay ? 0 : stage,
      sendsAfter: twoWay || splits ? 0 : stage,
      sends,
    });
    before = sum(before, counts[0]);
  });
  const all = [...shapes.values()].reduce((total, { held }) => sum(total, held), zero);
  return {
    stages: [...shapes.values()],
    copies,
    kinds: layerKinds.filter((_, i) => all[i] > 0),
  };
}
