/**
 * Models of two tasks: one for each, one bottom for both, experts with a gate for each task (MMoE, Ma et
 * al., KDD 2018), and experts of each task beside shared ones, in layers (PLE, Tang et al., RecSys 2020).
 *
 * All have the same number of hidden units, E F: what differs is who shares them.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { recipeById } from "../gates/recipes.ts";
import { within } from "../nn/gating.ts";
import { addAll, denseNetwork, denseTensors, meanOfAll, weightOf } from "../programs/blocks.ts";
import { allExperts, mixture, type MixtureSizes, mixtureTensors } from "../programs/mixture.ts";
import {
  type ModelProgram,
  prefixed,
  type ProgramOutput,
  type ProgramRun,
} from "../programs/program.ts";
import { TASKS } from "./ratings.ts";
import type { ApplicationSizes } from "./recipe.ts";

const tasks = Array.from({ length: TASKS }, (_, task) => task);

/** Two layers from what experts gave to a number. */
function towerTensors({ dModel, hidden }: ApplicationSizes): Record<string, GateTensor> {
  const tower = { up: weightOf(dModel, hidden), down: weightOf(hidden, 1) };
  return Object.assign({}, ...tasks.map((task) => prefixed(`tower${task}.`, tower)));
}

const tower = <A, I>(
  g: Arrays<A, I>,
  x: A,
  { w, task }: { w: Readonly<Record<string, A>>; task: number },
): A => denseNetwork(g, x, within(w, `tower${task}.`));

/** A program whose body gives the predictions [B, 2]; its figure "errors" [B, 2] are squared. */
function rated(
  { samples, dModel }: ApplicationSizes,
  body: {
    parameters: Record<string, GateTensor>;
    predictions<A, I>(g: Arrays<A, I>, run: ProgramRun<A, I>): A;
  },
): ModelProgram {
  return {
    parameters: body.parameters,
    matrices: { x: [samples, dModel], y: [samples, TASKS] },
    loss<A, I>(g: Arrays<A, I>, run: ProgramRun<A, I>): ProgramOutput<A> {
      const off = g.map("subtract", body.predictions(g, run), run.x.y);
      const errors = g.map("square", off);
      return { loss: meanOfAll(g, errors), figures: { errors } };
    },
  };
}

/** A network for each task, with half of the hidden units. */
export function singleTaskProgram(sizes: ApplicationSizes): ModelProgram {
  const { dModel, hidden, experts } = sizes;
  const bottom = denseTensors(dModel, Math.max(1, Math.floor(experts * hidden / TASKS)));
  return rated(sizes, {
    parameters: {
      ...Object.assign({}, ...tasks.map((task) => prefixed(`bottom${task}.`, bottom))),
      ...towerTensors(sizes),
    },
    predictions: (g, { w, x }) =>
      g.beside(
        ...tasks.map((task) =>
          tower(g, denseNetwork(g, x.x, within(w, `bottom${task}.`)), { w, task })
        ),
      ),
  });
}

/** One network for both tasks, and a tower for each. */
export function sharedBottomProgram(sizes: ApplicationSizes): ModelProgram {
  const { dModel, hidden, experts } = sizes;
  return rated(sizes, {
    parameters: {
      ...prefixed("bottom.", denseTensors(dModel, experts * hidden)),
      ...towerTensors(sizes),
    },
    predictions(g, { w, x }) {
      const shared = denseNetwork(g, x.x, within(w, "bottom."));
      return g.beside(...tasks.map((task) => tower(g, shared, { w, task })));
    },
  });
}

/** Experts for both tasks, and a gate for each: the gate "mmoe", to which a task is a tag. */
export function gatePerTaskProgram(sizes: ApplicationSizes): ModelProgram {
  const { dModel, hidden, experts, samples } = sizes;
  const rows = samples * TASKS;
  const own: MixtureSizes = {
    recipe: recipeById("mmoe"),
    shape: {
      ...{ dModel, experts, topK: experts, tokens: rows, length: 1, vocabulary: 1, tags: TASKS },
      ...{ layer: 0, layers: 1 },
    },
    ...{ dExpert: hidden, causal: false },
  };
  return rated(sizes, {
    parameters: { ...prefixed("experts.", mixtureTensors(own)), ...towerTensors(sizes) },
    predictions(g, { w, x, training }) {
      const tags = g.indices(
        `task of ${rows}`,
        [rows, 1],
        () => Uint32Array.from({ length: rows }, (_, i) => i % TASKS),
      );
      const { y } = mixture(g, g.repeatRows(x.x, TASKS), {
        ...{ sizes: own, w: within(w, "experts."), state: {}, input: { tags }, training },
      });
      return g.beside(...tasks.map((task) => {
        const both = g.reshape(tower(g, y, { w, task }), [samples, TASKS]);
        return g.columns(both, task, task + 1);
      }));
    },
  });
}

/** Layers of PLE. */
const LAYERS = 2;

const groups = [...tasks.map((task) => `task${task}`), "shared"] as const;

/** Experts of a task, and shared ones: a quarter for each task, half for both. */
function groupSizes({ experts }: ApplicationSizes): Record<string, number> {
  const own = Math.max(1, Math.floor(experts / (2 * TASKS)));
  const each = Object.fromEntries(tasks.map((task) => [`task${task}`, own]));
  return { ...each, shared: Math.max(1, experts - own * TASKS) };
}

/** The groups whose experts a group's gate sees: its own and the shared; all for the shared one. */
const seenBy = (group: string): readonly string[] =>
  group === "shared" ? groups : [group, "shared"];

/** Experts of each task beside shared ones, in two layers; gates of tasks see their own and these. */
export function progressiveProgram(sizes: ApplicationSizes): ModelProgram {
  const { dModel } = sizes;
  const counts = groupSizes(sizes);
  // Two layers of experts of half the width have the hidden units of one.
  const hidden = Math.max(1, Math.floor(sizes.hidden / LAYERS));
  const parameters: Record<string, GateTensor> = towerTensors(sizes);
  // In the last layer nobody reads what a gate of the shared experts would give.
  const gatesIn = (layer: number) => layer + 1 < LAYERS ? groups : groups.slice(0, TASKS);
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const group of groups) {
      Object.assign(
        parameters,
        prefixed(`layer${layer}.${group}.`, {
          up: weightOf(dModel, counts[group] * hidden),
          down: {
            shape: [counts[group] * hidden, dModel],
            init: { normal: 1 / Math.sqrt(hidden) },
          },
        }),
      );
    }
    for (const group of gatesIn(layer)) {
      const seen = seenBy(group).reduce((sum, other) => sum + counts[other], 0);
      parameters[`layer${layer}.${group}.gate`] = weightOf(dModel, seen);
    }
  }
  return rated(sizes, {
    parameters,
    predictions<A, I>(g: Arrays<A, I>, { w, x }: ProgramRun<A, I>) {
      let streams: Record<string, A> = Object.fromEntries(groups.map((group) => [group, x.x]));
      for (let layer = 0; layer < LAYERS; layer++) {
        const own = (group: string) => within(w, `layer${layer}.${group}.`);
        const gated = gatesIn(layer).map((group): [string, A] => {
          const shares = g.softmax(g.product(streams[group], own(group).gate));
          let at = 0;
          const parts = seenBy(group).map((other) => {
            const { up, down } = own(other);
            const gates = g.columns(shares, at, at += counts[other]);
            return allExperts(g, streams[other], { up, down, gates });
          });
          return [group, addAll(g, parts)];
        });
        streams = Object.fromEntries(gated);
      }
      return g.beside(...tasks.map((task) => tower(g, streams[`task${task}`], { w, task })));
    },
  });
}
