/**
 * What a gate says of the experts at a place, as weights [T, E].
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Arrays } from "../arrays/arrays.ts";
import type { AuxiliaryLoss, GateInput } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import { numberOf, oneMinus } from "../gates/shorthand.ts";
import { within } from "../nn/gating.ts";
import type { PlacedGate } from "./places.ts";
import type { AdapterPart } from "./specs.ts";

/** Where a gate runs. */
export interface AdapterGateRun<A, I> {
  /** The language. */
  g: Arrays<A, I>;
  /** All parameters. */
  w: Readonly<Record<string, A>>;
  /** All states. */
  state: Readonly<Record<string, A>>;
  /** What it sees of the batch. */
  input: GateInput<A, I>;
  /** Whether the model is trained. */
  training: boolean;
}

/** What a gate gives the experts of adapters. */
export interface AdapterWeights<A> {
  /** What each counts for each token [T, E], one for all last where there is such. */
  weights: A;
  /** Losses, already multiplied by their coefficients. */
  losses: AuxiliaryLoss<A>[];
  /** New states by their names in the program. */
  states: Record<string, A>;
}

/** Weights of which chance takes some away, the others larger by as much. */
function withDropout<A, I>(
  g: Arrays<A, I>,
  weights: A,
  { share, name }: { share: number; name: string },
): A {
  const drawn = g.noise(name, "uniform", g.shapeOf(weights));
  const stays = g.map("positive", g.map("subtract", drawn, numberOf(g, share)));
  return g.scale(g.map("multiply", weights, stays), 1 / (1 - share));
}

/** Runs a gate. */
export function weighAdapters<A, I>(
  run: AdapterGateRun<A, I>,
  { gate, part }: { gate: PlacedGate; part: AdapterPart },
): AdapterWeights<A> {
  const { g, input, training } = run;
  const { prefix, recipe, shape } = gate;
  const gated = gateOf(recipe).route({
    ...{ g, shape, input, training },
    ...{ w: within(run.w, prefix), state: within(run.state, prefix) },
  });
  const { dispatch, losses } = gated;
  if (dispatch.kind === "slots" || gated.copied || gated.added) {
    throw new UserError(
      `Cannot weigh adapters by gate "${recipe.id}": it mixes tokens or copies them, wanted one that ` +
        'weighs experts, such as "molora"',
    );
  }
  const all = dispatch.kind === "choice"
    ? g.put(dispatch.weights, dispatch.ids, shape.experts)
    : g.repeatRows(dispatch.weights, dispatch.length);
  const { dropout: share = 0, universal } = part;
  const left = training && share > 0
    ? withDropout(g, all, { share, name: `${prefix}dropout` })
    : all;
  const weights = universal ? g.beside(left, oneMinus(g, g.largest(left))) : left;
  const states = Object.entries(gated.state).map(([name, one]) => [`${prefix}${name}`, one]);
  return { weights, losses, states: Object.fromEntries(states) };
}
