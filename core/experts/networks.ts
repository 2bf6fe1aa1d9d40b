/**
 * Experts that are feed-forward networks, with every activation of the survey's section 4.2.3, and
 * networks of which a part is one for all experts.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { oneMinus, type SpecOf } from "../gates/shorthand.ts";
import { type Activation, isGated } from "../spec/activation.ts";
import { weighParts } from "./blocks.ts";
import { chosenExperts } from "../programs/chosen_experts.ts";
import { choiceOf, matrix, type RoutedKind, weightsOf } from "./kind.ts";
import type { RoutedSpec } from "./specs.ts";

/** x Phi(x), Phi being the normal distribution function (arXiv 1606.08415). */
function gelu<A, I>(g: Arrays<A, I>, a: A): A {
  return g.map("multiply", a, g.map("normalCdf", a));
}

/**
 * The activation of pre-activations [T, F]; the `glu` kinds (arXiv 2002.05202) multiply what `by`
 * [T, F] holds.
 *
 * @throws {RangeError} where such a kind is given nothing to multiply.
 */
export function activate<A, I>(
  g: Arrays<A, I>,
  a: A,
  { activation, by }: { activation: Activation; by?: A },
): A {
  const gate = {
    relu: () => g.map("relu", a),
    relu2: () => g.map("square", g.map("relu", a)),
    gelu: () => gelu(g, a),
    geglu: () => gelu(g, a),
    swiglu: () => g.map("silu", a),
  }[activation]();
  if (!isGated(activation)) return gate;
  if (by === undefined) {
    throw new RangeError(`Activated by ${activation} one matrix, wanted a second to multiply`);
  }
  return g.map("multiply", gate, by);
}

/** Matrices of a network, or of several side by side: up, gate where there is one, and down. */
export function networkParameters(
  prefix: string,
  { rows, columns, back, width, activation }: {
    /** What goes in. */
    rows: number;
    /** Hidden units of all networks. */
    columns: number;
    /** What comes out. */
    back: number;
    /** Hidden units that add up. */
    width: number;
    activation: Activation;
  },
): Record<string, GateTensor> {
  return {
    [`${prefix}up`]: matrix(rows, columns),
    ...isGated(activation) && { [`${prefix}gate`]: matrix(rows, columns) },
    [`${prefix}down`]: matrix(columns, back, width),
  };
}

/** Hidden units of x[T, D]: the weights under a prefix, activated. */
export function hidden<A, I>(
  g: Arrays<A, I>,
  x: A,
  { w, prefix = "", activation, into = (w: A) => g.product(x, w) }: {
    w: Readonly<Record<string, A>>;
    prefix?: string;
    activation: Activation;
    /** x times weights, where that is no product of all rows. */
    into?: (w: A) => A;
  },
): A {
  const up = into(w[`${prefix}up`]);
  if (!isGated(activation)) return activate(g, up, { activation });
  return activate(g, into(w[`${prefix}gate`]), { activation, by: up });
}

/** FLOP of one token in a network of a width: two or three products. */
export function networkFlops(
  { dModel, width, activation }: { dModel: number; width: number; activation: Activation },
): number {
  return 2 * dModel * width * (isGated(activation) ? 3 : 2);
}

/** Networks, as many side by side as there are experts. */
export const networkExperts: RoutedKind<SpecOf<RoutedSpec, "network">> = {
  parameters: ({ activation }, { dModel, experts, width }) =>
    networkParameters("", {
      ...{ rows: dModel, columns: experts * width, back: dModel, width, activation },
    }),
  skips: true,
  apply(run, { activation }) {
    const { g, w, routed, shape: { experts } } = run;
    if (run.compute === "chosen") {
      const { ids, weights } = choiceOf(run);
      return chosenExperts(g, routed, {
        ...{ chosen: { ids, experts }, weights, down: w.down },
        hidden: (into) => hidden(g, routed, { w, activation, into }),
      });
    }
    const h = hidden(g, routed, { w, activation });
    return g.product(weighParts(g, h, weightsOf(run)), w.down);
  },
  flops: ({ activation }, { dModel, width }, chosen) =>
    chosen * networkFlops({ dModel, width, activation }),
};

const planes = (activation: Activation) => ["up", ...isGated(activation) ? ["gate"] : [], "down"];

/**
 * PAD-Net (arXiv 2211.05528): a position of an expert's matrices is its own where the state
 * `NAME_dynamic` [D, F] is 1, and taken from one matrix for all where it is 0. Training begins with all
 * positions dynamic; `makeStatic` turns those of least impact.
 */
export const partialExperts: RoutedKind<SpecOf<RoutedSpec, "partial">> = {
  parameters(spec, shape) {
    const own = networkExperts.parameters({ ...spec, kind: "network" }, shape);
    const one = networkExperts.parameters({ ...spec, kind: "network" }, { ...shape, experts: 1 });
    return {
      ...own,
      ...Object.fromEntries(Object.entries(one).map(([name, t]) => [`${name}_static`, t])),
    };
  },
  states: ({ activation }, { dModel, width }) =>
    Object.fromEntries(
      planes(activation).map((name) => [`${name}_dynamic`, {
        shape: name === "down" ? [width, dModel] as const : [dModel, width] as const,
        init: "ones" as const,
      }]),
    ),
  skips: true,
  apply(run, { activation }) {
    const { g, w, state, shape: { experts } } = run;
    const tile = (a: typeof run.x, name: string) => {
      if (name !== "down") return tileColumns(g, a, experts);
      return g.transpose(tileColumns(g, g.transpose(a), experts));
    };
    const whole = (name: string) => {
      const dynamic = state[`${name}_dynamic`];
      const own = g.map("multiply", tile(dynamic, name), w[name]);
      const one = g.map("multiply", oneMinus(g, dynamic), w[`${name}_static`]);
      return g.map("add", own, tile(one, name));
    };
    const made = Object.fromEntries(planes(activation).map((name) => [name, whole(name)]));
    return networkExperts.apply({ ...run, w: made }, {
      kind: "network",
      activation,
    });
  },
  flops: ({ activation }, { dModel, width }, chosen) =>
    chosen * networkFlops({ dModel, width, activation }),
};

/** a[T, n], `times` copies side by side. */
function tileColumns<A, I>(g: Arrays<A, I>, a: A, times: number): A {
  return times === 1 ? a : g.beside(...Array.from({ length: times }, () => a));
}
