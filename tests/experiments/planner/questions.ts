/**
 * Small questions to the planner, which tests share.
 *
 * @module
 */
import { type PlanningWords, readPlanning } from "../../../experiments/planner/read_planning.ts";
import type { Planning } from "../../../experiments/planner/planning.ts";

/** Words of a question whose search takes a second. */
export const smallWords: PlanningWords = {
  ...{ model: "tiny", cluster: "h100:16", sequence: 4096, globalBatch: 16 },
  ...{ stack: "base", graphs: "none", routing: "balanced", seed: 1 },
  ...{ fix: "cp=1,tp=1,etp=1,precision=bf16", limit: "memory=100%", objective: "time" },
};

/** The question of such words, with others in place of some. */
export function smallPlanning(words: Partial<PlanningWords> = {}): Promise<Planning> {
  return readPlanning({ ...smallWords, ...words });
}
