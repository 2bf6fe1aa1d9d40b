/**
 * Plans that somebody published for a training, with what they were run on.
 *
 * @module
 */
import { unknownName } from "../../../kernels/base/errors.ts";
import type { LauncherName } from "../../../sim/launch/types.ts";

/** A published plan. */
export interface Publisher {
  /** Id of the plan preset, and of the model's. */
  id: string;
  /** Cluster in words. */
  cluster: string;
  /** Sequences of a step, of 4,096 tokens each. */
  globalBatch: number;
  /** Modules that predict further tokens; the description's unless given. */
  mtp?: number;
  /** Software whose speed and memory all plans are priced with: the publisher's own. */
  stack: string;
  /** What of a plan the publisher did not choose: number formats, mostly. */
  held: string;
  /** Launcher whose plans the publisher could choose from; all plans where it was software of its own. */
  launcher?: LauncherName;
  /** Seconds of a step as printed, where they are of this very batch. */
  publishedSeconds?: number;
  /** Where they are printed. */
  cite: string;
}

/** The plans, the largest cluster last. */
export const publishers: readonly Publisher[] = [
  {
    ...{ id: "mixtral-8x22b", cluster: "h100:128", globalBatch: 1024 },
    stack: "megatron-core-moe",
    held: "precision=bf16,dispatch=bf16,combine=bf16",
    launcher: "megatron-lm",
    cite: "Megatron Core's reference mapping; a step of this batch is not printed",
  },
  {
    ...{ id: "qwen3-235b-a22b", cluster: "h100:256", globalBatch: 2048 },
    stack: "megatron-core-modelzoo",
    held: "precision=bf16,dispatch=bf16,combine=bf16",
    launcher: "megatron-lm",
    publishedSeconds: 17.6,
    cite: "NVIDIA's collection of Megatron Core recipes",
  },
  {
    ...{ id: "deepseek-v3", cluster: "h800:2048", globalBatch: 15360, mtp: 1 },
    stack: "deepseek-hai",
    held: "precision=fp8,dispatch=fp8,combine=bf16,moments=bf16",
    publishedSeconds: 19.9,
    cite: "DeepSeek-V3 Technical Report: 2.664 M H800 hours for 14.8 T tokens",
  },
];

/** The published plan with an id. */
export function publisherById(id: string): Publisher {
  const found = publishers.find((publisher) => publisher.id === id);
  if (!found) throw unknownName("published plan", id, publishers.map((known) => known.id));
  return found;
}
