/**
 * How the passes of a step differ, and what losses read of their gates.
 *
 * @module
 */
import { copyTensor, UserError } from "../../../kernels/mod.ts";
import type { Arrays } from "../../arrays/arrays.ts";
import type { Tape, Variable } from "../../nn/tape.ts";
import type { ForwardOptions } from "../../nn/transformer.ts";
import type { TrainingHooks } from "./hooks.ts";

/**
 * The language in a pass of its own: noise, random indices and random orders are others in each pass,
 * those of pass 0 what they always are.
 */
export function inPass<A, I>(g: Arrays<A, I>, pass: number): Arrays<A, I> {
  if (pass === 0) return g;
  const named = (name: string) => `${name}, pass ${pass}`;
  return {
    ...g,
    noise: (name, kind, shape) => g.noise(named(name), kind, shape),
    randomIds: (name, shape, below) => g.randomIds(named(name), shape, below),
    limit: (ids, options) => g.limit(ids, { ...options, name: named(options.name) }),
  };
}

/** A forward pass whose gates have chances of their own. */
export function passOf<O extends Pick<ForwardOptions, "gates">>(options: O, pass: number): O {
  const { gates } = options;
  if (!gates || pass === 0) return options;
  return { ...options, gates: { ...gates, arrays: (tape) => inPass(gates.arrays(tape), pass) } };
}

/** What losses on a tape read of the gates of a pass. */
export interface GateReadings {
  /** What was read, layer by layer. */
  gates: Variable[];
  /** Told of what each layer's router did. */
  seen: NonNullable<ForwardOptions["seen"]>;
}

/**
 * Reads something of each layer's gate, for losses that are recorded after all layers. Blocks that are
 * recorded twice are gone by then: of the first recording a copy is read, and the gradient that
 * arrives there is handed to the second.
 *
 * @throws {UserError} where a gate has no such thing.
 */
export function readGates(
  outer: Tape,
  options: { reads: NonNullable<TrainingHooks["reads"]>; kind: string },
): GateReadings {
  const gates: Variable[] = [];
  const copies = new Map<number, Variable>();
  return {
    gates,
    seen(layer, what, tape, pass) {
      if (!("gated" in what)) return;
      const found = options.reads(what.gated);
      if (found === undefined) {
        throw new UserError(
          `Cannot train by "${options.kind}": found nothing of what it reads in the gate of layer ` +
            `${layer}; "surrogate" reads logits of experts, "reinforce" choices that are drawn`,
        );
      }
      if (pass === "only") gates.push(found);
      if (pass === "first") {
        const value = copyTensor(outer.recorder, found.value, { label: "read of a gate" });
        outer.keep(value);
        const copy: Variable = { value, fixed: found.fixed };
        copies.set(layer, copy);
        gates.push(copy);
      }
      const copy = copies.get(layer);
      if (pass === "again" && copy?.grad) {
        tape.addGrad(found, copy.grad);
        copy.grad = undefined;
      }
    },
  };
}
