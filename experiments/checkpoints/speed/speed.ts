/**
 * How fast is a model of public size on this device, and does the sum of its operators say so?
 *
 * The sizes are a `config.json`; the weights are drawn by a seed, layer after layer, and narrowed on
 * the way to the device, so that neither a download nor the memory of the whole model in 32 bits is
 * needed. As many layers are run as fit. Passes are timed in rounds with the operators that they
 * lower to, each run alone: both meet the machine in the same states.
 *
 * @module
 */
import {
  checkInference,
  inferenceKernels,
  type Model,
  modelFromHuggingFace,
  type RunSettings,
  settingsFromHuggingFace,
} from "../../../core/mod.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { choiceWords, type Device, openDevice } from "../../../kernels/mod.ts";
import { adapterOf, TIMER } from "../../circumstances.ts";
import { type Context, defineExperiment, type Outcome, type Wide } from "../../define.ts";
import { contentId } from "../../hash.ts";
import { readJsonFile } from "../../read_json.ts";
import { checkRoom, freeBytes, holdingOf, modelBytes, usableShare } from "../memory.ts";
import { parseStorage } from "../open_checkpoint.ts";
import { type DevicePrices, forwardOps, oneTokenRows, startPricing } from "./forward_price.ts";
import { loadDrawn, type SpeedSubject, startPasses } from "./run_speed.ts";
import { speedOutcome } from "./speed_tables.ts";

const parameters = {
  config: {
    quick: "docs/olmoe/config.json",
    full: "docs/olmoe/config.json",
    note: "config.json of the model whose sizes are taken",
  },
  layers: { quick: 2, full: 0, note: "layers that are run; 0: as many as fit" },
  storage: {
    quick: "int4",
    full: "int4",
    note: "f32, f16, int8 or int4: what weights are held as",
  },
  prompt: { quick: 32, full: 128, note: "tokens of the prompt" },
  decoded: { quick: 3, full: 8, note: "tokens after it in each round" },
  rounds: { quick: 3, full: 9, note: "rounds over passes and operators" },
} as const;

type Values = { -readonly [K in keyof typeof parameters]: Wide<typeof parameters[K]["quick"]> };

/** The speed of a model of public size, measured and predicted. */
export const checkpointSpeedExperiment = defineExperiment({
  id: "checkpoint-speed",
  title: "A model of public size on this device",
  question:
    "How fast does a model of this size read and write here, and do its operators add up to it?",
  parameters,
  run: runSpeed,
});

/** The description with so many layers. */
function subjectOf(config: Record<string, unknown>, layers: number) {
  const id = `${config.model_type ?? "model"}`;
  const cut = { ...config, num_hidden_layers: layers };
  return {
    model: modelFromHuggingFace(cut, { id }),
    settings: settingsFromHuggingFace(cut, { id }),
  };
}

/** A description and its settings. */
interface Sized {
  model: Model;
  settings: RunSettings;
}

/** The most layers of a model, up to all, that a device has room for. */
export function layersThatFit(
  sizes: (layers: number) => Sized,
  options: {
    all: number;
    room: number;
    words: Parameters<typeof modelBytes>[1];
  },
): number {
  const { all, room, words } = options;
  const bytes = (layers: number) => {
    const { weights, cache } = modelBytes(sizes(layers), words);
    return weights + cache;
  };
  let layers = all;
  while (layers > 1 && bytes(layers) > usableShare * room) layers--;
  return layers;
}

function checkValues(values: Values): void {
  for (const name of ["layers", "prompt", "decoded", "rounds"] as const) {
    const least = name === "layers" ? 0 : 1;
    const value = values[name];
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new UserError(
      `Cannot run checkpoint-speed with ${name}=${value}: wanted a whole number from ${least}`,
    );
  }
}

/** What is run on a device: the layers asked for, or all that fit. */
function sizeFor(device: Device, config: Record<string, unknown>, values: Values): Sized {
  const { prompt, decoded } = values;
  const words = { storage: parseStorage(values.storage), maxTokens: prompt + decoded };
  const all = Number(config.num_hidden_layers);
  const sized = (layers: number) => subjectOf(config, layers);
  const room = freeBytes(device);
  if (values.layers > all) {
    throw new UserError(
      `Cannot run ${values.layers} layers of ${values.config}: found ${all} layers in it`,
    );
  }
  if (values.layers === 0 && room === undefined) {
    throw new UserError(
      "Cannot say how many layers fit: the memory of this device is not told; --set layers=2 runs two",
    );
  }
  const layers = values.layers ||
    layersThatFit(sized, { all, room: room!, words: { ...words, ...holdingOf(device) } });
  const chosen = sized(layers);
  checkInference(chosen.model, chosen.settings);
  checkRoom(device, chosen, words);
  return chosen;
}

async function runSpeed(context: Context<Values>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal, log } = context;
  checkValues(values);
  const config = await readJsonFile(values.config) as Record<string, unknown>;
  const all = subjectOf(config, Number(config.num_hidden_layers)).model;
  const device = await openDevice();
  try {
    const sized = sizeFor(device, config, values);
    const { prompt, decoded, rounds } = values;
    const subject: SpeedSubject = {
      ...{ ...sized, storage: parseStorage(values.storage), prompt, decoded, seed },
    };
    log(`${sized.model.layers} of ${all.layers} layers of ${values.config}`);
    progress.start(100, "drawing weights");
    let shown = 0;
    const { inference, load } = await loadDrawn(device, subject, (share) => {
      signal.throwIfAborted();
      for (; shown < Math.floor(100 * share); shown++) progress.step("drawing weights");
    });
    progress.start(rounds + 2, "compiling");
    const passes = await startPasses(device, inference, subject);
    progress.step("compiling");
    const forwards = {
      prefill: forwardOps(sized.model, {
        ...{ tokens: prompt, past: 0, layerRows: passes.first.layerRows },
      }),
      decode: forwardOps(sized.model, {
        ...{ tokens: 1, past: prompt, layerRows: oneTokenRows(sized.model) },
      }),
    };
    const pricing = startPricing(device, Object.values(forwards).flat(), subject);
    for (let round = 0; round <= rounds; round++) {
      signal.throwIfAborted();
      await pricing.round({ counts: round > 0, signal });
      if (round > 0) await passes.round();
      progress.step(`round ${round + 1}`);
    }
    progress.stop();
    const { held: deviceBytes } = inference.bytes().state;
    passes.close();
    inference.close();
    const prices: DevicePrices = await pricing.prices();
    return {
      ...await speedOutcome({
        ...{ subject, all, forwards, prices, load, deviceBytes },
        ...{ figures: passes.figures, first: passes.first },
      }),
      circumstances: {
        adapter: adapterOf(device),
        timer: {
          kind: `wall clock around passes; of operators alone, ${TIMER}`,
          resolutionSeconds: 1e-6,
        },
        inputs: { config: await contentId(config) },
        kernels: choiceWords(inferenceKernels(device).prefill),
      },
    };
  } finally {
    device.close();
  }
}
