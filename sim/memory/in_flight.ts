/**
 * Activations that wait on a stage, chunk by chunk, in closed form.
 *
 * @module
 */
import { stageChunks } from "../plan/stage_layers.ts";
import type { Plan } from "../plan/plan.ts";

/** Micro-batches of a data-parallel rank. */
export function microBatchesOf(plan: Plan): number {
  return plan.globalBatch / (plan.dp * plan.microBatch);
}

/** Forward passes of each chunk among the first `ahead` of an interleaved stage. */
function interleaved(ahead: number, plan: Plan, microBatches: number): number[] {
  const { pp, vpp } = plan;
  const group = Math.min(pp, microBatches);
  const rounds = Math.floor(ahead / (group * vpp));
  const rest = ahead - rounds * group * vpp;
  return Array.from(
    { length: vpp },
    (_, chunk) => rounds * group + Math.min(group, Math.max(0, rest - chunk * group)),
  );
}

/** Chunks in flight on a stage where they lie in a V: all of them, and those of the way back. */
const vShaped: Partial<
  Record<Plan["schedule"], { all: (pp: number) => number; back: (s: number, pp: number) => number }>
> = {
  "zb-v": { all: (pp) => 2 * pp, back: (s, pp) => Math.ceil((pp + s) / 2) },
  "v-half": { all: (pp) => pp + 2, back: (s) => Math.floor(s / 2) + 1 },
  "v-min": { all: (pp) => 2 * Math.ceil(pp / 3) + 2, back: (s) => Math.floor(s / 3) + 1 },
  "dualpipe-v": { all: (pp) => 2 * pp + 1, back: (s) => s + 1 },
};

/**
 * The most micro-batches that wait on each chunk of a stage, at the moment when the stage holds
 * most; what is kept for a gradient of weights counts in full.
 *
 * GPipe keeps all; 1F1B (arXiv 2104.04473) one for each stage from here on; ZB-H1 (arXiv
 * 2401.10241) as many as there are stages, its bounded kin 2 p - 1; interleaved stages run ahead by
 * two for each stage that follows and by a round of all stages for each further chunk; V shapes
 * (arXiv 2405.15362) p, p/2 + 1 and about p/3 + 1 whole stages; DualPipe (arXiv 2412.19437, table 2)
 * p + 1.
 */
export function chunksInFlight(stage: number, plan: Plan): number[] {
  const { pp, schedule } = plan;
  const all = microBatchesOf(plan);
  const chunks = stageChunks(plan);
  const vee = vShaped[schedule];
  if (vee !== undefined) {
    const most = Math.min(vee.all(pp), 2 * all);
    const back = Math.min(all, vee.back(stage, pp));
    return [Math.min(all, most - back), back];
  }
  if (schedule === "dualpipe") return [Math.min(all, pp - stage), Math.min(all, stage + 1)];
  if (schedule === "gpipe") return new Array<number>(chunks).fill(all);
  if (schedule === "zb-h1") return [Math.min(all, pp)];
  if (schedule === "zb-bounded") return [Math.min(all, 2 * pp - 1)];
  if (chunks === 1) return [Math.min(all, pp - stage)];
  const ahead = (pp - stage - 1) * 2 + (chunks - 1) * pp + 1;
  return interleaved(Math.min(all * chunks, ahead), plan, all);
}
