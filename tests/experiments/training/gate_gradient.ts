/**
 * The gradient of a gate on the device, held against central differences of the surrogate that the
 * gate declares: choices and noise are decided once and stay.
 *
 * What is differentiated is one number: all that a gate gives the experts, times fixed random numbers,
 * and its losses, made large enough to count. Each input is moved along random directions, since one
 * direction sees all entries of an input at once.
 *
 * @module
 */
import type { Arrays } from "../../../core/arrays/arrays.ts";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import { deviceArrays, lossGradient } from "../../../core/arrays/device_arrays.ts";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { fittingExperts } from "../../../core/gates/check.ts";
import type { Gated, GateShape, GateTensor } from "../../../core/gates/gate.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { createTape, type Variable } from "../../../core/nn/tape.ts";
import { split, type Stream } from "../../../kernels/base/random.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { createPool, download, type Pool, type Tensor } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";

/** Losses have coefficients of about a hundredth. */
const LOSSES = 30;

const DIRECTIONS = 2;

/** What both sides are given. */
interface Site {
  shape: GateShape;
  /** Matrices with a gradient: "x" and the parameters. */
  inputs: Record<string, HostMatrix>;
  states: Record<string, HostMatrix>;
  logitsBefore: HostMatrix;
  ids: Record<"tokens" | "before" | "tags", Uint32Array>;
}

/** Numbers that 32 bits hold, so that both sides begin with the same. */
const floats = (n: number, value: () => number) =>
  Float64Array.from({ length: n }, () => Math.fround(value()));

function drawn(tensors: Record<string, GateTensor>, stream: Stream, nudge: number) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, init }]) => {
      const value = () => {
        if (init === "ones") return 1 + nudge * stream.normal();
        if (init === "zeros") return nudge * stream.normal();
        return "value" in init ? init.value : init.normal * stream.normal();
      };
      return [name, hostMatrix(shape, floats(shape[0] * shape[1], value))];
    }),
  );
}

/** A small batch for a recipe. */
function siteOf(recipe: GateRecipe, seed: number): Site {
  const [tokens, length, vocabulary, tags, dModel] = [32, 16, 20, 2, 12];
  const use = { experts: 8, causal: recipe.causal, tokens, length, vocabulary, tags };
  const experts = fittingExperts(recipe, use);
  const shape: GateShape = {
    ...{ dModel, experts, topK: 2, tokens, length, vocabulary, tags },
    ...{ layer: 1, layers: 2, steps: 100 },
  };
  const gate = gateOf(recipe);
  const stream = split(seed, `gradient/${recipe.id}`);
  const normal = (n: number) => floats(n, () => stream.normal());
  const ids = Uint32Array.from({ length: tokens }, () => stream.int(0, vocabulary - 1));
  return {
    shape,
    inputs: {
      x: hostMatrix([tokens, dModel], normal(tokens * dModel)),
      ...drawn(gate.parameters(shape), stream, 0.3),
    },
    states: drawn(gate.states(shape), stream, 0),
    logitsBefore: hostMatrix([tokens, experts], normal(tokens * experts)),
    ids: {
      tokens: ids,
      before: ids.map((id, t) => t % length ? ids[t - 1] : id),
      tags: ids.map((_, t) => Math.floor(t / length) % tags),
    },
  };
}

/** All that a gate gives, as one number. */
function scalarOf<A, I>(g: Arrays<A, I>, { dispatch, copied, added, losses }: Gated<A, I>): A {
  const given = [
    ...dispatch.kind === "slots" ? [dispatch.mix, dispatch.combine] : [dispatch.weights],
    ...copied === undefined ? [] : [copied],
    ...added === undefined ? [] : [added],
  ];
  const parts = given.map((a, i) => {
    const shape = g.shapeOf(a);
    const stream = split(1, `projection ${i} ${shape}`);
    const fixed = g.constant(
      `projection ${i} ${shape}`,
      shape,
      () => floats(shape[0] * shape[1], () => stream.normal()),
    );
    return g.total(g.map("multiply", a, fixed));
  });
  const scaled = losses.map(({ value }) => g.scale(value, LOSSES));
  return [...parts, ...scaled].reduce((a, b) => g.map("add", a, b));
}

/** What a run of the gate is given on either side. */
function routed<A, I>(
  recipe: GateRecipe,
  { shape }: Site,
  given: {
    g: Arrays<A, I>;
    inputs: Readonly<Record<string, A>>;
    state: Record<string, A>;
    logitsBefore: A;
    ids: Record<keyof Site["ids"], I>;
  },
): Gated<A, I> {
  const { g, inputs: { x, ...w }, state, logitsBefore, ids } = given;
  return gateOf(recipe).route({
    ...{ g, w, state, shape, training: true },
    input: { x, ...ids, ...recipe.score.residual && { logitsBefore } },
  });
}

const idsOf = <A, I>({ dispatch }: Gated<A, I>): I[] =>
  dispatch.kind === "choice" ? [dispatch.ids] : [];

/** The gradients on the device, and the experts that it chose. */
async function deviceSide(pool: Pool, recipe: GateRecipe, site: Site, seed: number) {
  const { device } = pool;
  const own = createPool(device);
  const constants = createConstants(device);
  const matrix = (name: string, { shape, data }: HostMatrix) =>
    own.upload(name, shape, Float32Array.from(data));
  const each = <T, R>(all: Record<string, T>, of: (name: string, one: T) => R) =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, of(name, one)]));
  const inputs = each(site.inputs, (name, one): Variable => ({ value: matrix(name, one) }));
  const recorder = createRecorder(own);
  const state = each(site.states, (name, one) => ({ value: matrix(name, one), fixed: true }));
  const logitsBefore = { value: matrix("before", site.logitsBefore), fixed: true };
  const ids = each(site.ids, (name, one) => own.upload(name, [one.length], one)) as Record<
    keyof Site["ids"],
    Tensor
  >;
  const on = () => {
    const tape = createTape(recorder);
    const g = deviceArrays(tape, { kernels: guessedKernels(device), seed, step: 3, constants });
    const given = { g, inputs, state, logitsBefore, ids };
    return { tape, g, gated: routed<Variable, Tensor>(recipe, site, given) };
  };
  // What a tape owns is given to others when it goes back: choices are read from a pass of their own.
  const forward = on();
  const chosen = idsOf(forward.gated);
  const { tape, g, gated } = on();
  const loss = scalarOf(g, gated);
  tape.backward(loss, lossGradient(tape));
  const withGrad = Object.entries(inputs).filter(([, { grad }]) => grad !== undefined);
  recorder.submit();
  const read = await download(device, [...chosen, ...withGrad.map(([, { grad }]) => grad!)]);
  forward.tape.end();
  constants.close();
  own.trim();
  return {
    ids: read.slice(0, chosen.length).map((ids) => new Uint32Array(ids.buffer)),
    gradients: Object.fromEntries(
      withGrad.map(([name], i): [string, Float32Array] => [name, read[chosen.length + i]]),
    ),
  };
}

/** The gate on the host, its inputs moved along directions by numbers `t`. */
function hostSide(recipe: GateRecipe, site: Site) {
  const ids = Object.fromEntries(
    Object.entries(site.ids).map(([name, one]) => [name, hostIndices([one.length, 1], one)]),
  ) as Record<keyof Site["ids"], ReturnType<typeof hostIndices>>;
  const { states: state, logitsBefore } = site;
  return (g: ReturnType<typeof hostArrays>, inputs: Readonly<Record<string, HostMatrix>>) =>
    routed(recipe, site, { g, inputs, state, logitsBefore, ids });
}

/** A derivative along a direction, on both sides. */
export interface Derivative {
  /** Which input, in which direction. */
  name: string;
  /** On the device. */
  device: number;
  /** By central differences. */
  wanted: number;
  /** Length of the gradient on the device: what errors are a share of. */
  length: number;
}

/**
 * Derivatives of a gate on both sides; undefined where the device, in 32 bits, chose other experts
 * than the host: there was a tie.
 */
export async function gateDerivatives(
  pool: Pool,
  recipe: GateRecipe,
  seed: number,
): Promise<Derivative[] | undefined> {
  const site = siteOf(recipe, seed);
  const route = hostSide(recipe, site);
  const { ids, gradients } = await deviceSide(pool, recipe, site, seed);
  const wantedIds = idsOf(route(hostArrays({ seed, step: 3 }), site.inputs)).map((i) => i.data);
  if (ids.some((own, i) => own.some((id, at) => id !== wantedIds[i][at]))) return undefined;
  const directions = Object.entries(site.inputs).flatMap(([input, { shape, data }]) =>
    Array.from({ length: DIRECTIONS }, (_, i) => {
      const stream = split(seed, `direction/${recipe.id}/${input}/${i}`);
      const along = floats(data.length, () => stream.int(0, 1) ? 1 : -1);
      return { name: `${input} ${i}`, input, along: hostMatrix(shape, along) };
    })
  );
  const zeros = Object.fromEntries(directions.map(({ name }) => [name, hostMatrix([1, 1], [0])]));
  const { gradients: wanted } = surrogateGradient(
    (g, t) => {
      const moved = { ...site.inputs };
      for (const { name, input, along } of directions) {
        moved[input] = g.map("add", moved[input], g.map("multiply", along, t[name]));
      }
      return scalarOf(g, route(g, moved));
    },
    zeros,
    { seed, step: 3 },
  );
  return directions.map(({ name, input, along }) => {
    const gradient = gradients[input] ?? new Float32Array(along.data.length);
    return {
      name,
      device: gradient.reduce((sum, v, i) => sum + v * along.data[i], 0),
      wanted: wanted[name][0],
      length: Math.sqrt(gradient.reduce((sum, v) => sum + v * v, 0)),
    };
  });
}
