/**
 * The work's question of latency: so many tokens after a prompt, with caches, in rounds over all
 * variants.
 *
 * Published, on a TPU, 16 tokens after 256: BTX 4.81 s, BAM 6.17 s with keys and values of each expert,
 * 5.96 s with shared ones (arXiv 2408.08274, section 5.4).
 *
 * @module
 */
import {
  checkInference,
  createInference,
  type Inference,
  type Model,
  modelTensors,
  trainedSettings,
} from "../../../core/mod.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import {
  createPool,
  type Device,
  download,
  now,
  split,
  type Tensor,
} from "../../../kernels/mod.ts";
import { drawnWeights } from "../../checkpoints/speed/drawn_weights.ts";
import type { Variant } from "./variants.ts";

/** Seconds that the work prints, by variant. */
export const publishedLatencySeconds: Readonly<Record<string, number>> = {
  "btx-4": 4.81,
  "bam-expert-kv": 6.17,
  "bam-shared-kv": 5.96,
};

/** What is generated. */
export interface GenerationSizes {
  /** Tokens of the prompt. */
  prompt: number;
  /** Tokens after it. */
  generated: number;
}

/** What was measured of a variant, one number a round. */
export interface MeasuredGeneration {
  /** The variant. */
  variant: Variant;
  /** Its description. */
  model: Model;
  /** Seconds of the prompt with the first token. */
  promptSeconds: number[];
  /** Seconds of all further tokens. */
  tokenSeconds: number[];
  /** Both, less what the host waited for nothing: a wait for each pass; 0 where that was all. */
  workSeconds: number[];
  /** Bytes of weights and cache. */
  stateBytes: number;
  /** Largest logit of the last token. */
  largestLogit: number;
}

/** A variant that generation refuses, and why. */
export interface RefusedGeneration {
  /** The variant. */
  variant: Variant;
  /** What the check said. */
  reason: string;
}

/** What came of all variants. */
export interface Generations {
  /** Those that ran. */
  measured: MeasuredGeneration[];
  /** Those that did not. */
  refused: RefusedGeneration[];
}

interface Running extends MeasuredGeneration {
  inference: Inference;
}

async function timed<T>(run: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const began = now();
  const result = await run();
  return [(now() - began) / 1000, result];
}

/** Why a model does not run, if so. */
function refusal(model: Model): string | undefined {
  try {
    checkInference(model, trainedSettings(model));
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function open(
  device: Device,
  { variant, model }: { variant: Variant; model: Model },
  { prompt, generated, seed }: GenerationSizes & { seed: number },
): Promise<Running> {
  const settings = trainedSettings(model);
  const weights = drawnWeights(modelTensors(model, settings), { seed });
  const maxTokens = prompt + generated;
  const inference = await createInference(device, { model, settings, weights, maxTokens });
  return {
    ...{ variant, model, inference, stateBytes: 0, largestLogit: NaN },
    ...{ promptSeconds: [], tokenSeconds: [], workSeconds: [] },
  };
}

/** Reads the prompt and goes on with the tokens that are told, so that all do the same. */
async function generateOnce(
  { inference }: Running,
  { ids, prompt }: { ids: readonly number[]; prompt: number },
) {
  inference.rewind(0);
  const [promptSeconds, first] = await timed(() => inference.prefill(ids.slice(0, prompt)));
  const [tokenSeconds, logits] = await timed(async () => {
    let logits = first;
    // The last token is said, not read.
    for (const id of ids.slice(prompt, -1)) logits = await inference.step(id);
    return logits;
  });
  return { promptSeconds, tokenSeconds, logits };
}

/** The wait of the host for one number. */
async function waitOnce(device: Device, one: Tensor): Promise<number> {
  const [seconds] = await timed(() => download(device, [one]));
  return seconds;
}

/** Generates with all models that run here; each round begins with another one. */
export async function measureGenerations(
  device: Device,
  models: readonly { variant: Variant; model: Model }[],
  options: GenerationSizes & {
    seed: number;
    rounds: number;
    done?: (label: string) => void;
    signal?: AbortSignal;
  },
): Promise<Generations> {
  const { prompt, generated, seed, rounds, done, signal } = options;
  const refused: RefusedGeneration[] = [];
  const running: Running[] = [];
  const pool = createPool(device);
  const one = pool.upload("one", [1], Float32Array.of(1));
  try {
    for (const { variant, model } of models) {
      signal?.throwIfAborted();
      const reason = refusal(model);
      if (reason) refused.push({ variant, reason });
      else running.push(await open(device, { variant, model }, options));
    }
    const stream = split(seed, "cost/prompt");
    const ids = Array.from(
      { length: prompt + generated },
      () => stream.int(0, models[0].model.embedding.vocab - 1),
    );
    // The first round compiles, and is not counted.
    for (let round = 0; round <= rounds; round++) {
      const at = round % Math.max(1, running.length);
      for (const own of [...running.slice(at), ...running.slice(0, at)]) {
        signal?.throwIfAborted();
        const wait = await waitOnce(device, one);
        const { promptSeconds, tokenSeconds, logits } = await generateOnce(own, { ids, prompt });
        done?.(own.variant.name);
        if (round === 0) continue;
        own.promptSeconds.push(promptSeconds);
        own.tokenSeconds.push(tokenSeconds);
        own.workSeconds.push(Math.max(0, promptSeconds + tokenSeconds - generated * wait));
        own.largestLogit = logits.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      }
    }
    const measured = running.map(({ inference, ...own }): MeasuredGeneration => ({
      ...own,
      stateBytes: inference.bytes().state.held,
    }));
    return { measured, refused };
  } finally {
    running.forEach(({ inference }) => inference.close());
    pool.release(one);
    pool.trim();
  }
}
