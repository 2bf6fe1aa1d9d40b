/**
 * What a pipeline asks of the layers and the micro-batches of a plan.
 *
 * @module
 */
import { scheduleFacts } from "../pipeline/schedule.ts";
import type { Plan } from "./plan.ts";
import { modelPart, modelParts, stageChunks } from "./stage_layers.ts";

/** What is wrong with the layers that a plan gives to its stages, if anything. */
export function stageLayersFault(plan: Plan, layers: number): string | undefined {
  const { stageLayers, pp } = plan;
  if (stageLayers === undefined) return undefined;
  const chunks = stageChunks(plan);
  if (stageLayers.length !== pp || stageLayers.some((stage) => stage.length !== chunks)) {
    return `the layers of ${stageLayers.length} stages with ` +
      `${[...new Set(stageLayers.map((stage) => stage.length))].join(" or ")} chunks are given, ` +
      `wanted ${pp} stages with ${chunks}`;
  }
  const parts = new Array<number>(modelParts(plan));
  for (let stage = 0; stage < pp; stage++) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const part = modelPart(plan, { stage, chunk });
      parts[part] ??= stageLayers[stage][chunk];
      if (parts[part] !== stageLayers[stage][chunk]) {
        return `part ${part} has ${parts[part]} layers in one copy and ` +
          `${stageLayers[stage][chunk]} in the other`;
      }
    }
  }
  const sum = parts.reduce((a, b) => a + b, 0);
  if (sum === layers) return undefined;
  return `the layers of the stages sum up to ${sum}, wanted ${layers}`;
}

/** What is wrong with the micro-batches of a plan's schedule, if anything. */
export function microBatchesFault(plan: Plan): string | undefined {
  const { schedule, pp } = plan;
  const m = plan.globalBatch / (plan.dp * plan.microBatch);
  const each = `${m} micro-batches on each replica`;
  if (schedule === "interleaved" && m % pp !== 0) {
    return `interleaving ${each} wants a multiple of pp ${pp}`;
  }
  if (!schedule.startsWith("dualpipe")) return undefined;
  if (m < 2 * pp) return `${schedule} with ${each} wants at least ${2 * pp}`;
  if (scheduleFacts[schedule].placement === "two-way" && m % 2 !== 0) {
    return `dualpipe with ${each} wants an even number`;
  }
  return undefined;
}
