/** A small base on the host, with numbers of its own in everything that begins as zeros. */
import { baseTensors } from "../../../core/adapters/base.ts";
import { type AdaptedModel, adapterPlaces, adapterTensors } from "../../../core/adapters/places.ts";
import { adapterProgram } from "../../../core/adapters/program.ts";
import type { AdapterPart, AdapterRecipe } from "../../../core/adapters/specs.ts";
import { type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostValues, programOnHost } from "../../../core/programs/host_program.ts";
import type { ProgramBatch, ProgramValues } from "../../../core/programs/program.ts";
import { denseProbe } from "../../../experiments/training/probe_model.ts";
import { split } from "../../../kernels/base/random.ts";

/** Sizes of all tests on the host. */
export const [sequences, length, vocab, tags] = [2, 6, 12, 4];

/** A dense decoder of one layer, or of `layers`. */
export const smallBase = (layers = 1) => denseProbe({ layers, dModel: 16, headDim: 8, vocab }, 12);

/** A recipe in the small base. */
export function adaptedBy(recipe: AdapterRecipe, layers = 1): AdaptedModel {
  return { model: smallBase(layers), recipe, sequences, length, tags };
}

/** A recipe of one part. */
export function recipeOf(part: Partial<AdapterPart> & Pick<AdapterPart, "adapter">): AdapterRecipe {
  return {
    ...{ id: "test", name: "test", arxiv: null, section: "4.3", idea: "", placement: "block" },
    parts: [{ name: "part", sites: ["q", "v", "up", "down"], experts: 1, ...part }],
  };
}

/** Seeded normal numbers. */
export function normalsOf(name: string, n: number, scale = 1): Float64Array {
  const stream = split(1, name);
  return Float64Array.from({ length: n }, () => Math.fround(scale * stream.normal()));
}

/** A matrix of them. */
export const matrixOf = (name: string, rows: number, columns: number): HostMatrix =>
  hostMatrix([rows, columns], normalsOf(name, rows * columns));

/** Values of all parameters, drawn: also of those that begin as zeros. */
export function drawnValues(adapted: AdaptedModel): Record<string, Float64Array> {
  const all = { ...baseTensors(adapted.model), ...adapterTensors(adapterPlaces(adapted)) };
  return Object.fromEntries(
    Object.entries(all).map(([name, { shape: [rows, columns], init }]) => [
      name,
      init === "ones" ? new Float64Array(rows * columns).fill(1) : normalsOf(
        name,
        rows * columns,
        typeof init === "object" && "normal" in init ? init.normal : 0.3,
      ),
    ]),
  );
}

/**
 * A batch of the small base; all sequences have one tag where it is given, and the last token of each
 * sequence is moved by `last`.
 */
export function smallBatch(tag?: number, last = 0): ProgramBatch {
  const stream = split(2, "ids");
  const tokens = sequences * length;
  const drawn = Uint32Array.from({ length: tokens + 1 }, () => stream.int(0, vocab - 1));
  const ids = drawn.map((id, t) => t % length === length - 1 ? (id + last) % vocab : id);
  const tagsOf = ids.slice(1).map((_, t) => tag ?? Math.floor(t / length) % tags);
  return {
    tokens: ids.slice(0, tokens),
    targets: ids.slice(1),
    before: ids.slice(0, tokens).map((id, t) => t % length ? ids[t - 1] : id),
    tags: tagsOf,
    clusters: tagsOf.map((one) => (one + 1) % tags),
  };
}

/** Logits on the host. */
export function logitsOf(
  adapted: AdaptedModel,
  options: { values?: ProgramValues; tag?: number; last?: number; training?: boolean } = {},
): Float64Array {
  const { values = {}, tag, last, training = false } = options;
  const program = adapterProgram(adapted, { logits: true });
  const own = hostValues(program, { seed: 1 });
  const w = { ...own.w };
  for (const [name, data] of Object.entries(values)) {
    if (name in w) w[name] = hostMatrix(w[name].shape, data);
  }
  const run = { w, state: own.state, batch: smallBatch(tag, last), training };
  return programOnHost(hostArrays({ seed: 1 }), program, run).figures!.logits.data;
}

/** The base without adapters. */
export const bare: AdapterRecipe = { ...recipeOf({ adapter: { kind: "ia3" } }), parts: [] };

/** The largest difference of two lists of numbers. */
export const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0);
