/**
 * Loads a model of drawn weights and times its passes.
 *
 * @module
 */
import {
  createInference,
  heldAs,
  type Inference,
  type InferenceStorage,
  layersOf,
  type Model,
  type ModelTensor,
  modelTensors,
  type RunSettings,
} from "../../../core/mod.ts";
import { createPool, type Device, download, now, split } from "../../../kernels/mod.ts";
import { heldBytes, holdingOf } from "../memory.ts";
import { drawnWeights } from "./drawn_weights.ts";

/** What is run. */
export interface SpeedSubject {
  /** The description. */
  model: Model;
  /** Constants of its forward pass. */
  settings: RunSettings;
  /** Storage of its weights. */
  storage: InferenceStorage;
  /** Tokens of the prompt. */
  prompt: number;
  /** Tokens after it in each round. */
  decoded: number;
  /** Seed of weights and tokens. */
  seed: number;
}

/** The host while weights are loaded. */
export interface LoadFigures {
  /** Seconds that it took. */
  seconds: number;
  /** The most that the process held at once beside what it held before and what the device has. */
  extraBytes: number;
  /** The largest tensor in 16 bits: what a file cannot hold in less than one piece. */
  partBytes: number;
}

/** What was measured. */
export interface SpeedFigures {
  /** Seconds of the prompt, one a round. */
  prefillSeconds: number[];
  /** Seconds of each token after it. */
  decodeSeconds: number[];
  /** Seconds of waiting for a number from the device, which every pass does once. */
  waitSeconds: number[];
}

/** What a first pass shows. */
export interface FirstPass {
  /** Tokens of each expert by layer; none in dense layers. */
  layerRows: (number[] | undefined)[];
  /** Largest logit: a number where the pass is whole. */
  largestLogit: number;
}

const numbers = ({ shape }: ModelTensor) => shape.reduce((a, b) => a * b, 1);

/** Loads the model and watches the process. */
export async function loadDrawn(
  device: Device,
  subject: SpeedSubject,
  seen: (share: number) => void,
): Promise<{ inference: Inference; load: LoadFigures }> {
  const { model, settings, storage, prompt, decoded, seed } = subject;
  const tensors = modelTensors(model, settings);
  const all = tensors.reduce((sum, one) => sum + numbers(one), 0);
  const resident = () => Deno.memoryUsage().rss;
  const before = resident();
  let [held, given, extraBytes] = [0, 0, 0];
  const look = () => extraBytes = Math.max(extraBytes, resident() - before - held);
  // Mirrors are made by the first pass: the load knows none.
  const holding = { ...holdingOf(device), textures: false };
  const weights = drawnWeights(tensors, {
    seed,
    seen(tensor, count) {
      // What was given before lies on the device by now; on a CPU that is the same memory.
      look();
      given += count;
      seen(given / all);
      if (!device.adapter.software) return;
      const as = heldAs(tensor.name, { storage, halves: holding.halves });
      held += heldBytes(tensor, as, holding) * count / numbers(tensor);
    },
  });
  const began = now();
  const maxTokens = prompt + decoded;
  const inference = await createInference(device, { model, settings, storage, maxTokens, weights });
  const seconds = (now() - began) / 1000;
  look();
  return {
    inference,
    load: { seconds, extraBytes, partBytes: 2 * Math.max(...tensors.map(numbers)) },
  };
}

/** Seconds of something that is waited for. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = now();
  await run();
  return (now() - began) / 1000;
}

/** Tokens of each expert by layer, from a pass over the prompt. */
function rowsOf(
  model: Model,
  routes: { layer: number; ids_TK: Uint32Array }[],
): FirstPass["layerRows"] {
  return layersOf(model).map(({ index, experts }) => {
    const found = routes.find(({ layer }) => layer === index);
    if (!found) return undefined;
    const rows = new Array<number>(experts).fill(0);
    for (const expert of found.ids_TK) rows[expert]++;
    return rows;
  });
}

/** Passes of a loaded model that can be timed. */
export interface TimedPasses {
  /** What the first pass showed; it compiles, and is not counted. */
  first: FirstPass;
  /** Times the prompt, and some tokens after it. */
  round(): Promise<void>;
  /** All that was timed. */
  figures: SpeedFigures;
  /** Gives what the rounds need back. */
  close(): void;
}

/** Runs each kind of pass once, so that the rounds compile nothing. */
export async function startPasses(
  device: Device,
  inference: Inference,
  subject: SpeedSubject,
): Promise<TimedPasses> {
  const { model, prompt, decoded, seed } = subject;
  const stream = split(seed, "tokens");
  const token = () => stream.int(0, model.embedding.vocab - 1);
  const ids = Uint32Array.from({ length: prompt }, token);
  const { logits, routes } = await inference.read(ids, { routes: true });
  await inference.step(token());
  const figures: SpeedFigures = { prefillSeconds: [], decodeSeconds: [], waitSeconds: [] };
  const pool = createPool(device);
  const one = pool.upload("one", [1], Float32Array.of(1));
  return {
    first: {
      layerRows: rowsOf(model, routes),
      largestLogit: logits.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
    },
    figures,
    async round() {
      inference.rewind(0);
      figures.prefillSeconds.push(await timed(() => inference.prefill(ids)));
      for (let i = 0; i < decoded; i++) {
        const id = token();
        figures.decodeSeconds.push(await timed(() => inference.step(id)));
        figures.waitSeconds.push(await timed(() => download(device, [one])));
      }
    },
    close() {
      pool.release(one);
      pool.trim();
    },
  };
}
