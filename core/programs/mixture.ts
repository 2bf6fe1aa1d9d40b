/**
 * A mixture of experts in the language, behind any gate of the table of recipes.
 *
 * Where nothing else is said all experts are computed for all tokens, as one wide product, and what the
 * gate did not choose is multiplied by 0: the numbers are those of a sparse mixture, the work is not.
 * With `compute: "chosen"` experts compute for those tokens alone that chose them; see
 * `chosen_experts.ts`. Gates that mix tokens or networks have nothing to leave out.
 *
 *     h[T, E F] = silu(x up)        up [D, E F], expert e in columns e F to (e + 1) F
 *     y[T, D]   = (gates * h) down  down [E F, D], gates [T, E] over the F columns of each expert
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { checkRecipe } from "../gates/check.ts";
import type {
  AuxiliaryLoss,
  Dispatch,
  Gated,
  GateInput,
  GateShape,
  GateTensor,
} from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { expertRanges } from "../gates/zero_experts.ts";
import { within } from "../nn/gating.ts";
import { weightOf, zeroOnes } from "./blocks.ts";
import { chosenExperts, type ExpertCompute } from "./chosen_experts.ts";
import { prefixed } from "./program.ts";

/** Sizes of a mixture. */
export interface MixtureSizes {
  /** The gate. */
  recipe: GateRecipe;
  /** What the gate is told of sizes; its `topK` is what the recipe says. */
  shape: GateShape;
  /** Hidden width F of an expert. */
  dExpert: number;
  /** Whether tokens see those before them alone: refuses gates that look ahead. */
  causal: boolean;
  /** Which experts compute for a token, where the gate chooses; "all" where absent. */
  compute?: ExpertCompute;
}

const networksIn = ({ recipe, shape }: MixtureSizes) =>
  expertRanges(recipe, shape.experts).networks;

/**
 * Parameters of a mixture: "up", "down", and those of its gate as "gate.NAME".
 *
 * @throws {UserError} where the recipe cannot serve: why, and what would work.
 */
export function mixtureTensors(sizes: MixtureSizes): Record<string, GateTensor> {
  const { recipe, shape, dExpert, causal } = sizes;
  checkRecipe(recipe, { ...shape, causal });
  const inner = networksIn(sizes) * dExpert;
  return {
    up: weightOf(shape.dModel, inner),
    down: { shape: [inner, shape.dModel], init: { normal: 1 / Math.sqrt(dExpert) } },
    ...prefixed("gate.", gateOf(recipe).parameters(shape)),
  };
}

/** States of a mixture's gate. */
export function mixtureStates({ recipe, shape }: MixtureSizes): Record<string, GateTensor> {
  return gateOf(recipe).states(shape);
}

/** Each expert's share of each row: experts' outputs of x[T, D] times gates [T, E], summed. */
export function allExperts<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: { up: A; down: A; gates: A },
): A {
  const { up, down, gates } = options;
  const [rows, experts] = g.shapeOf(gates);
  const [, inner] = g.shapeOf(up);
  const hidden = g.reshape(g.map("silu", g.product(x, up)), [rows * experts, inner / experts]);
  const weighted = g.map("multiply", hidden, g.reshape(gates, [rows * experts, 1]));
  return g.product(g.reshape(weighted, [rows, inner]), down);
}

/** A matrix [T, S] of blocks of `length` rows, each with S columns of its own: [T, T / length S]. */
function spread<A, I>(g: Arrays<A, I>, a: A, length: number): A {
  const [rows, columns] = g.shapeOf(a);
  const blocks = rows / length;
  if (blocks === 1) return a;
  const own = zeroOnes(g, `blocks ${rows} of ${length} by ${columns}`, {
    shape: [rows, blocks * columns],
    one: (r, c) => Math.floor(r / length) === Math.floor(c / columns),
  });
  return g.map("multiply", g.beside(...Array.from({ length: blocks }, () => a)), own);
}

interface Bank<A> {
  up: A;
  down: A;
  experts: number;
}

/** Experts that read slots; see `Dispatch`. */
function slotted<A, I>(
  g: Arrays<A, I>,
  x: A,
  { mix, combine, length, perExpert, up, down, experts }: Bank<A> & {
    mix: A;
    combine: A;
    length: number;
    perExpert: number;
  },
): A {
  const slots = g.product(spread(g, mix, length), x, { transpose: "a" });
  const gates = zeroOnes(g, `slots ${g.shapeOf(slots)[0]} of ${experts} by ${perExpert}`, {
    shape: [g.shapeOf(slots)[0], experts],
    one: (s, e) => Math.floor(s / perExpert) % experts === e,
  });
  return g.product(spread(g, combine, length), allExperts(g, slots, { up, down, gates }));
}

/** One merged expert for each segment; see `Dispatch`. */
function merged<A, I>(
  g: Arrays<A, I>,
  x: A,
  { weights, length, up, down, experts }: Bank<A> & { weights: A; length: number },
): A {
  const [segments] = g.shapeOf(weights);
  const [width, inner] = g.shapeOf(up);
  const hidden = inner / experts;
  const up_DEF = g.reshape(up, [width * experts, hidden]);
  const down_EFD = g.reshape(down, [experts, hidden * width]);
  const outputs = Array.from({ length: segments }, (_, s) => {
    const row = g.indices(`row ${s}`, [1, 1], () => [s]);
    const share_1E = g.lookUp(weights, row);
    const share_DE = g.reshape(g.repeatRows(share_1E, width), [width * experts, 1]);
    const own_DF = g.scale(
      g.segmentMeans(g.map("multiply", up_DEF, share_DE), experts),
      experts,
    );
    const own_FD = g.reshape(g.product(share_1E, down_EFD), [hidden, width]);
    const rows = g.indices(
      `rows ${s} of ${length}`,
      [length, 1],
      () => Uint32Array.from({ length }, (_, i) => s * length + i),
    );
    const y = g.product(g.map("silu", g.product(g.lookUp(x, rows), own_DF)), own_FD);
    return g.transpose(y);
  });
  return g.transpose(g.beside(...outputs));
}

function dispatched<A, I>(
  g: Arrays<A, I>,
  x: A,
  { of, bank, compute }: { of: Dispatch<A, I>; bank: Bank<A>; compute?: ExpertCompute },
): A {
  switch (of.kind) {
    case "choice":
      if (compute === "chosen") {
        const { experts, up, down } = bank;
        return chosenExperts(g, x, {
          ...{ chosen: { ids: of.ids, experts }, weights: of.weights, down },
          hidden: (into) => g.map("silu", into(up)),
        });
      }
      return allExperts(g, x, { ...bank, gates: g.put(of.weights, of.ids, bank.experts) });
    case "slots":
      return slotted(g, x, { ...bank, ...of });
    case "merged":
      return merged(g, x, { ...bank, ...of });
  }
}

/** What a mixture is run with. */
export interface MixtureRun<A, I> {
  /** Its parameters; see {@linkcode mixtureTensors}. */
  w: Readonly<Record<string, A>>;
  /** Its states. */
  state: Readonly<Record<string, A>>;
  /** What its gate sees of the batch beside x; indices of zeros where absent. */
  input?: Partial<Omit<GateInput<A, I>, "x">>;
  /** Whether the model is trained. */
  training: boolean;
}

/** What a mixture gives. */
export interface Mixed<A, I> {
  /** What experts made of the tokens, [T, D]; no residual is added. */
  y: A;
  /** Losses of the gate, already multiplied by their coefficients. */
  losses: AuxiliaryLoss<A>[];
  /** New values of states. */
  states: Record<string, A>;
  /** All that the gate gave. */
  gated: Gated<A, I>;
}

/** A mixture over tokens x[T, D]. */
export function mixture<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: MixtureRun<A, I> & { sizes: MixtureSizes },
): Mixed<A, I> {
  const { sizes, w, state, input = {}, training } = options;
  const { shape, recipe } = sizes;
  const nothing = g.indices(
    `zeros ${shape.tokens}`,
    [shape.tokens, 1],
    () => new Uint32Array(shape.tokens),
  );
  const gated = gateOf(recipe).route({
    ...{ g, w: within(w, "gate."), state, shape, training },
    input: { x, tokens: nothing, before: nothing, tags: nothing, ...input },
  });
  const bank = { up: w.up, down: w.down, experts: networksIn(sizes) };
  const { dispatch, copied, added, losses, state: states } = gated;
  const terms = [
    dispatched(g, x, { of: dispatch, bank, compute: sizes.compute }),
    ...copied === undefined ? [] : [g.map("multiply", x, copied)],
    ...added === undefined ? [] : [added],
  ];
  return { y: terms.reduce((a, b) => g.map("add", a, b)), losses, states, gated };
}
