/**
 * Two stages: StableMoE, arXiv 2204.08396 (survey, section 4.1.1). The choice itself knows its stage
 * (`gates/select/light.ts`); what is left to the trainer is that the light router stays as it is from
 * the second stage on. A gradient of 0 would not do: AdamW goes on by its momentum and its decay.
 *
 * @module
 */
import { stageOf } from "../../gates/training/stages.ts";
import type { HooksOf } from "./hooks.ts";

/** See the module. */
export const stagesHooks: HooksOf<"stages"> = {
  phase: ({ share }, { step, steps }) => stageOf(step, { steps, share }),
  frozen: (phase, name) => phase === "student" && name.includes(".gate.light_"),
};
