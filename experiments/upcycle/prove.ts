/**
 * The proof of a made model: its folder is read back, and what it says of some tokens is held against
 * what its sources say.
 *
 * @module
 */
import {
  type GateRecipe,
  keepOneExpert,
  layersOf,
  type SchemeModel,
  type SchemeOptions,
  type SchemeRecipe,
  type WeightedModel,
  type WrittenType,
} from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { Device } from "../../kernels/mod.ts";
import { apartOf, forwardOf, lossOf, type Passed, settingsOf, type Subject } from "./forward.ts";
import { openSource } from "./source.ts";

/** Losses and differences of a made model. */
export interface Proof {
  /** Tokens that all models read: drawn evenly from the vocabulary. */
  tokens: number;
  /** Loss of the made model on them, nats a token. */
  loss: number;
  /** Those of its sources, in order. */
  sourceLosses: number[];
  /** Loss of a model that knows nothing: log V. */
  evenLoss: number;
  /** Which forward pass ran the made model. */
  by: Passed["by"];
  /** Largest difference of a number that was written and read back. */
  readBackApart: number;
  /** Largest difference of logits from the one model, where all sources are alike; see the method. */
  alikeApart?: number;
}

/** Logits below this part of their size count as the same: sums have another order. */
const SAME = 1e-3;

/** Numbers in 16 bits are this part away at most. */
const HALF = 2 ** -7;

/** The smallest half float: less is written as 0. */
const LEAST = 2 ** -24;

/** How far numbers of up to a size may be away when they are read back. */
const roundings: Readonly<Record<WrittenType, (size: number) => number>> = {
  F32: () => 0,
  BF16: (size) => HALF * size,
  F16: (size) => HALF * size + LEAST,
};

/**
 * Reads a folder back and compares all numbers.
 *
 * @throws {Error} where a number is not what was written.
 */
export async function readBack(
  path: string,
  made: WeightedModel,
): Promise<Subject & { apart: number }> {
  const source = await openSource(path);
  try {
    const read = await source.read();
    let apart = 0;
    for (const [name, { data }] of Object.entries(made.weights)) {
      const own = read.weights[name] ?? read.weights[name.replace(".gate.router", ".moe.router")] ??
        read.weights[name.replace(".moe.router", ".gate.router")];
      const size = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const differs = own ? apartOf(own.data, data) : NaN;
      if (!(differs <= roundings[source.dtype](size))) {
        throw new Error(`${name} was read back as other numbers than were written: ${differs}`);
      }
      apart = Math.max(apart, differs);
    }
    const { settings, recipe } = source;
    return { ...read, settings, recipe, apart };
  } finally {
    source.close();
  }
}

/** A model whose experts are all the first of their layer. */
function alikeExperts({ model, weights }: WeightedModel): WeightedModel {
  const experts = model.moe!.experts;
  const made = Object.entries(weights).map(([name, { shape, data }]) => {
    if (!/\.moe\.(up|down)$/.test(name)) return [name, { shape, data }] as const;
    const size = data.length / experts;
    return [name, { shape, data: data.map((_, i) => data[i % size]) }] as const;
  });
  return { model, weights: Object.fromEntries(made) };
}

/** Sources that are all alike, and the dense model that a made one is to be. */
function alikeSources(
  recipe: SchemeRecipe,
  sources: readonly WeightedModel[],
): { alike: WeightedModel[]; one: WeightedModel } {
  const [first] = sources;
  if (recipe.from !== "sparse") return { alike: sources.map(() => first), one: first };
  const alike = alikeExperts(first);
  const counts = layersOf(first.model).filter(({ experts }) => experts > 0)
    .map(({ experts }) => new Array<number>(experts).fill(1));
  return { alike: [alike], one: keepOneExpert(alike, { counts }) };
}

/** Whether a gate gives each token weights that sum to 1; no where that is not plain. */
function gateSumsToOne({ select, weigh, scale = 1, cap, zeroExperts }: GateRecipe): boolean {
  const whole = weigh.kind === "softmax"
    ? weigh.over === "chosen" || select.kind === "all"
    : weigh.kind === "sigmoid" && weigh.normalised;
  return whole && scale === 1 && !cap && !zeroExperts;
}

/** Whether the weights of a token's experts sum to 1, by the router or the gate that it runs with. */
function sumsToOne(subject: Subject): boolean {
  const { model, recipe } = subject;
  if (!model.moe) return true;
  const settings = settingsOf(subject);
  if ("refused" in settings) return !recipe || gateSumsToOne(recipe);
  if (!settings.router) return true;
  const { score, normalised, scale } = settings.router;
  const { topK, experts } = model.moe;
  const all = score === "softmax" && topK === experts;
  return (normalised || score === "chosen" || all) && scale === 1;
}

/**
 * The largest difference of logits between a model made of sources that are all alike and the one dense
 * model that they are; undefined where the method, or the router of the source, does not keep it.
 */
export async function alikeApart(
  device: Device,
  recipe: SchemeRecipe,
  options: {
    sources: readonly Subject[];
    told: SchemeOptions;
    ids: Uint32Array;
    subjectOf: (made: SchemeModel) => Subject;
  },
): Promise<number | undefined> {
  const { sources, told, ids, subjectOf } = options;
  if (!recipe.sameAtStart) return undefined;
  const { alike, one } = alikeSources(recipe, sources);
  const subject = subjectOf(recipe.apply(alike, told));
  if (!sumsToOne(subject)) return undefined;
  const { settings } = sources[0];
  const wanted = await forwardOf(device, { ...one, settings }, { ids });
  const found = await forwardOf(device, subject, { ids });
  const size = wanted.logits.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const apart = apartOf(found.logits, wanted.logits);
  if (apart <= SAME * size) return apart;
  throw new Error(
    `${recipe.id} of models that are alike gave logits ${apart} away from theirs of up to ${size}`,
  );
}

/**
 * Losses of a made model and of its sources, over the same tokens.
 *
 * @throws {UserError} where logits are not finite.
 */
export async function lossesOf(
  device: Device,
  subjects: readonly { name: string; subject: Subject }[],
  ids: Uint32Array,
): Promise<{ losses: number[]; by: Passed["by"] }> {
  const losses: number[] = [];
  let by: Passed["by"] = "inference";
  for (const { name, subject } of subjects) {
    const passed = await forwardOf(device, subject, { ids });
    by = passed.by;
    const strange = passed.logits.find((x) => !Number.isFinite(x));
    if (strange !== undefined) {
      throw new UserError(
        `Cannot use ${name}: found ${strange} among its logits over seeded tokens, wanted finite numbers`,
      );
    }
    losses.push(lossOf(passed.logits, ids));
  }
  return { losses, by };
}
