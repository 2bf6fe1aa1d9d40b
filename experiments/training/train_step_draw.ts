/**
 * Small models drawn by seed over the range of a profile: whole training steps that it never saw.
 *
 * No operator of a drawn step whose sizes are free shares all its dimensions with a profiled shape,
 * neither as it is nor rounded up to tiles.
 *
 * @module
 */
import { lowerTrainingStep, type Model, readModel } from "../../core/mod.ts";
import { type AnyOp, type OpKind, productKinds, split, type Stream } from "../../kernels/mod.ts";
import { isInside, isProfiled, type Ranges } from "../compare/profiled.ts";

/** A training step to measure and to predict. */
export interface DrawnStep {
  /** Position in the draw; names its random streams. */
  index: number;
  /** The model. */
  model: Model;
  /** Sequences in a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** True where every operator lies within the profiled range. */
  inside: boolean;
}

/** Most weights of a drawn model, and most rows of its experts: a few would take all the time. */
const MOST_WEIGHTS = 2.5e6;
const MOST_ROWS = 2048;

const logUniform = (stream: Stream, low: number, high: number) =>
  Math.round(Math.exp(Math.log(low) + stream.uniform() * Math.log(high / low)));

const pick = <T>(stream: Stream, list: readonly T[]): T => list[stream.int(0, list.length - 1)];

/** A model in a few letters: layers, width, heads, experts, experts a token, vocabulary. */
function nameOf(sizes: Record<string, number>): string {
  const { layers, dModel, heads, kvHeads, experts, topK, width, shared, vocab } = sizes;
  const choice = experts > 0 ? ` E${experts} K${topK}` : "";
  return `L${layers} D${dModel} H${heads}/${kvHeads}${choice} F${width}` +
    (shared > 0 ? ` S${shared}` : "") + ` V${vocab}`;
}

/** One model in so many is dense. */
const DENSE = 6;

function drawModel(stream: Stream, index: number): Model {
  const heads = pick(stream, [1, 2, 3, 4]);
  const kvHeads = pick(stream, [1, 2, 3, 4].filter((n) => heads % n === 0));
  const experts = index % DENSE === DENSE - 1 ? 0 : stream.int(4, 16);
  const sizes = {
    layers: stream.int(1, 4),
    dModel: logUniform(stream, 64, 320),
    heads,
    kvHeads,
    experts,
    topK: stream.int(1, 3),
    width: logUniform(stream, 64, 320),
    shared: stream.int(0, 2) === 0 && experts > 0 ? logUniform(stream, 64, 256) : 0,
    vocab: logUniform(stream, 256, 1024),
  };
  const { layers, dModel, topK, width, shared, vocab } = sizes;
  return readModel({
    id: `drawn-${index}`,
    name: nameOf(sizes),
    layers,
    dModel,
    attention: { kind: "gqa", heads, kvHeads, headDim: 8 * stream.int(4, 8) },
    ...experts > 0
      ? {
        moe: {
          ...{ experts, topK, width, activation: "swiglu" },
          ...(shared > 0 && { shared: { count: 1, width: shared } }),
        },
      }
      : { ffn: { width, activation: "swiglu" } },
    embedding: { vocab, tied: true },
  }, `model ${index} of the draw`);
}

/** The ops of a step whose experts share the choices evenly: enough to place it against a profile. */
export function evenOps({ model, sequences, length }: DrawnStep): AnyOp[] {
  return Object.values(lowerTrainingStep(model, sequences * length, { sequence: length })).flat();
}

/**
 * What lies between profiled shapes in many dimensions. Kinds of one or two sizes, such as norms and
 * updates, have few profiled sizes, and any model may meet one of them.
 */
const compared: readonly OpKind[] = [
  ...productKinds,
  "attention",
  "attention_backward",
  "activation_backward",
  "expert_backward",
  "combine",
];

/** The operators of a step that must lie within the profiled range and on none of its shapes. */
export const comparedOps = (step: DrawnStep): AnyOp[] =>
  evenOps(step).filter(({ kind }) => compared.includes(kind));

const weightsOfStep = (ops: readonly AnyOp[]) =>
  ops.reduce((sum, one) => sum + (one.kind === "adamw" ? one.dims.n : 0), 0);

function fits(step: DrawnStep, profile: Ranges): boolean {
  const { model, sequences, length } = step;
  const ops = evenOps(step);
  if (sequences * length * (model.moe?.topK ?? 1) > MOST_ROWS) return false;
  if (weightsOfStep(ops) > MOST_WEIGHTS) return false;
  const between = comparedOps(step);
  return isInside(between, profile) && !between.some((one) => isProfiled(one, profile));
}

/**
 * `count` models with their batches.
 *
 * @throws {RangeError} where a profile's range holds none.
 */
export function drawSteps(
  profile: Ranges,
  options: { seed: number; count: number },
): DrawnStep[] {
  const { seed, count } = options;
  return Array.from({ length: count }, (_, index) => {
    const stream = split(seed, `models/${index}`);
    for (let attempt = 0; attempt < 10_000; attempt++) {
      const model = drawModel(stream, index);
      const length = stream.int(64, 256);
      const sequences = stream.int(1, Math.max(1, Math.floor(1024 / length)));
      const step = { index, model, sequences, length, inside: true };
      if (fits(step, profile)) return step;
    }
    throw new RangeError(
      `Cannot draw model ${index}: found none within the profile in 10000 tries`,
    );
  });
}
