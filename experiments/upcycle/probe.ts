/**
 * What goes into the networks of a dense model, and from block to block, read from its own forward pass:
 * a model cut behind a layer, whose last branches give 0 and whose head is the identity, has as its
 * logits what its last norm gives.
 *
 * @module
 */
import { hiddenUnits, type HostWeight, type HostWeights, networkAt } from "../../core/mod.ts";
import { sharesNorm } from "../../core/nn/parameters.ts";
import type { Device } from "../../kernels/mod.ts";
import { forwardOf, type Subject } from "./forward.ts";

const zeros = ({ shape, data }: HostWeight): HostWeight => ({
  shape,
  data: new Float32Array(data.length),
});

/** Rows of the identity, from one on, in a head of as many rows as there are words. */
function identityRows(vocabulary: number, width: number, from: number): HostWeight {
  const data = new Float32Array(vocabulary * width);
  for (let i = 0; i < vocabulary && from + i < width; i++) data[i * width + from + i] = 1;
  return { shape: [vocabulary, width], data };
}

const branchEnds = /\.(attention\.out|ffn\.down|moe\.down|moe\.sharedDown)(\.bias)?$/;

/**
 * What a probe reads of a layer: its network's input, or what goes into its block or comes out, each
 * token divided by its size, and where norms are LayerNorms less its mean.
 */
export type ProbePlace = "network" | "input" | "output";

/** Names of the norms that a probe ends with, by the part of the name behind "norm". */
function lastNorms({ model, weights }: Subject, layer: number, place: ProbePlace): HostWeights {
  if (place !== "network") {
    const ones = { shape: [model.dModel], data: new Float32Array(model.dModel).fill(1) };
    return { norm: ones, ...(model.norm.bias && { "norm.beta": zeros(ones) }) };
  }
  const kind = sharesNorm(model)
    ? "attention"
    : weights[`layers.${layer}.moe.norm`]
    ? "moe"
    : "ffn";
  return Object.fromEntries(
    ["norm", "norm.beta"].flatMap((name) => {
      const one = weights[`layers.${layer}.${kind}.${name}`];
      return one ? [[name, one] as const] : [];
    }),
  );
}

function probeOf(subject: Subject, layer: number, place: ProbePlace): HostWeights {
  const { model, weights } = subject;
  const at = `layers.${layer}.`;
  // The network of a parallel block reads what the block reads.
  const whole = place === "input" || model.block === "parallel";
  const isOff = (name: string) =>
    place !== "output" && name.startsWith(at) && branchEnds.test(name) &&
    (whole || !name.includes(".attention."));
  const kept = Object.entries(weights)
    .filter(([name]) => !name.startsWith("layers.") || Number(name.split(".")[1]) <= layer)
    .map(([name, one]) => [name, isOff(name) ? zeros(one) : one] as const);
  return { ...Object.fromEntries(kept), ...lastNorms(subject, layer, place) };
}

/**
 * What a layer reads for tokens [T]: [T, D].
 *
 * @throws {UserError} where no forward pass runs the model.
 */
export async function layerInputs(
  device: Device,
  subject: Subject,
  options: { layer: number; place: ProbePlace; ids: Uint32Array },
): Promise<Float32Array> {
  const { layer, place, ids } = options;
  const { model } = subject;
  const { dModel: width, embedding } = model;
  const { vocab } = embedding;
  const cut = { ...model, layers: layer + 1, embedding: { ...embedding, tied: false } };
  const weights = probeOf(subject, layer, place);
  const inputs = new Float32Array(ids.length * width);
  for (let from = 0; from < width; from += vocab) {
    const head = identityRows(vocab, width, from);
    const { logits } = await forwardOf(device, {
      ...{ ...subject, model: cut, weights: { ...weights, head } },
    }, { ids });
    const columns = Math.min(vocab, width - from);
    for (let t = 0; t < ids.length; t++) {
      inputs.set(logits.subarray(t * vocab, t * vocab + columns), t * width + from);
    }
  }
  return inputs;
}

/**
 * Activations [T, F] of the hidden units of each layer of a dense model.
 *
 * @throws {UserError} where no forward pass runs the model.
 */
export async function unitActivations(
  device: Device,
  subject: Subject,
  ids: Uint32Array,
): Promise<Float64Array[]> {
  const { activation } = subject.model.ffn!;
  const all: Float64Array[] = [];
  for (let layer = 0; layer < subject.model.layers; layer++) {
    const x = await layerInputs(device, subject, { layer, place: "network", ids });
    all.push(hiddenUnits(networkAt(subject, layer), { x, activation }));
  }
  return all;
}

/**
 * The cosine of what goes into each block and what comes out, as probes read them; the mean over tokens.
 *
 * @throws {UserError} where no forward pass runs the model.
 */
export async function blockSimilarities(
  device: Device,
  subject: Subject,
  ids: Uint32Array,
): Promise<number[]> {
  const { layers, dModel } = subject.model;
  const at = (layer: number, place: ProbePlace) =>
    layerInputs(device, subject, { layer, place, ids });
  const cosines: number[] = [];
  let before = await at(0, "input");
  for (let layer = 0; layer < layers; layer++) {
    const after = await at(layer, "output");
    cosines.push(meanCosine(before, after, dModel));
    before = after;
  }
  return cosines;
}

/** Mean cosine of the rows of two matrices. */
function meanCosine(a: Float32Array, b: Float32Array, width: number): number {
  const rows = a.length / width;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let [dot, one, other] = [0, 0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) {
      dot += a[i] * b[i];
      one += a[i] ** 2;
      other += b[i] ** 2;
    }
    sum += dot / Math.sqrt(one * other);
  }
  return sum / rows;
}
