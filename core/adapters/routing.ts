/**
 * What a gate says of the experts at a place, as weights [T, E].
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Arrays, Shape } from "../arrays/arrays.ts";
import type { AuxiliaryLoss, GateInput, GateShape } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import { numberOf, oneMinus } from "../gates/shorthand.ts";
import { within } from "../nn/gating.ts";
import type { PlacedGate } from "./placed_gate.ts";
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

/** Experts of each token, where others count 0: made when first asked for, once. */
export interface ChosenAdapters<A, I> {
  /** Choices of a token K. */
  topK: number;
  /** Experts [T, K], and what each choice counts. */
  read(): { ids: I; weights: A };
}

/** Choices that are made when somebody asks. */
export function chosenLater<A, I>(
  topK: number,
  make: () => { ids: I; weights: A },
): ChosenAdapters<A, I> {
  let made: { ids: I; weights: A } | undefined;
  return { topK, read: () => made ??= make() };
}

/** What a gate gives the experts of adapters. */
export interface AdapterWeights<A, I> {
  /** What each counts for each token [T, E], one for all last where there is such. */
  weights: A;
  /** The same by choices, where the gate chooses. */
  chosen?: ChosenAdapters<A, I>;
  /** Losses, already multiplied by their coefficients. */
  losses: AuxiliaryLoss<A>[];
  /** New states by their names in the program. */
  states: Record<string, A>;
}

/** What chance leaves of weights of a shape: nothing of a share, and as much more of the others. */
function dropout<A, I>(
  g: Arrays<A, I>,
  shape: Shape,
  { share, name }: { share: number; name: string },
): A {
  const drawn = g.noise(name, "uniform", shape);
  const stays = g.map("positive", g.map("subtract", drawn, numberOf(g, share)));
  return g.scale(stays, 1 / (1 - share));
}

/** The expert behind all others, for each token [T, 1]. */
const always = <A, I>(g: Arrays<A, I>, { tokens, experts }: GateShape): I =>
  g.indices(
    `expert ${experts} of all ${tokens}`,
    [tokens, 1],
    () => new Uint32Array(tokens).fill(experts),
  );

/** Runs a gate. */
export function weighAdapters<A, I>(
  run: AdapterGateRun<A, I>,
  { gate, part }: { gate: PlacedGate; part: AdapterPart },
): AdapterWeights<A, I> {
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
  const stays = training && share > 0
    ? dropout(g, g.shapeOf(all), { share, name: `${prefix}dropout` })
    : undefined;
  const left = stays === undefined ? all : g.map("multiply", all, stays);
  const rest = universal ? oneMinus(g, g.largest(left)) : undefined;
  const weights = rest === undefined ? left : g.beside(left, rest);
  const chosen = dispatch.kind === "choice"
    ? chosenLater(g.indexShapeOf(dispatch.ids)[1] + (universal ? 1 : 0), () => {
      const { ids, weights } = dispatch;
      const own = stays === undefined ? weights : g.map("multiply", weights, g.take(stays, ids));
      if (rest === undefined) return { ids, weights: own };
      return { ids: g.idsBeside(ids, always(g, shape)), weights: g.beside(own, rest) };
    })
    : undefined;
  const states = Object.entries(gated.state).map(([name, one]) => [`${prefix}${name}`, one]);
  return { weights, ...chosen && { chosen }, losses, states: Object.fromEntries(states) };
}
