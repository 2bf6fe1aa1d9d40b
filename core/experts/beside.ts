/**
 * What every token passes beside its chosen experts, and how the two become one.
 *
 * @module
 */
import { oneMinus, type SpecOf } from "../gates/shorthand.ts";
import { type Applied, type BesideKind, type ExpertRun, matrix } from "./kind.ts";
import { hidden, networkFlops, networkParameters } from "./networks.ts";
import type { BesideSpec, ExpertShape, MixSpec } from "./specs.ts";

/** What both sides gave, and where. */
interface Sides<A, I> {
  run: ExpertRun<A, I>;
  /** What all tokens passed, [T, D]. */
  shared: A;
  /** What the chosen experts gave, [T, D]. */
  routed: A;
}

type Mix<S extends MixSpec> = <A, I>(sides: Sides<A, I>, spec: S) => Applied<A>;

/** A sigmoid of the layer's input, [T, 1]. */
const gateOfToken = <A, I>({ g, w, x }: ExpertRun<A, I>) =>
  g.map("sigmoid", g.product(x, w.shared_mix));

const mixes: { readonly [K in MixSpec["kind"]]: Mix<SpecOf<MixSpec, K>> } = {
  sum: ({ run: { g }, shared, routed }) => ({ y: g.map("add", routed, shared), losses: [] }),
  gated({ run, shared, routed }) {
    const { g } = run;
    const y = g.map("add", routed, g.map("multiply", shared, gateOfToken(run)));
    return { y, losses: [] };
  },
  conditional({ run, shared, routed }, { share, weight }) {
    const { g, shape: { tokens } } = run;
    const gate = gateOfToken(run);
    const y = g.map(
      "add",
      g.map("multiply", routed, gate),
      g.map("multiply", shared, oneMinus(g, gate)),
    );
    const used = g.scale(g.total(gate), 1 / tokens);
    const off = g.map("absolute", g.shift(used, -share));
    return { y, losses: [{ name: "budget", value: g.scale(off, weight) }] };
  },
  rest({ run, shared, routed }) {
    const { g, gated: { dispatch } } = run;
    if (dispatch.kind !== "choice") {
      throw new RangeError(`Shared experts took the rest of a ${dispatch.kind}, wanted choices`);
    }
    const rest = oneMinus(g, g.largest(dispatch.weights));
    return { y: g.map("add", routed, g.map("multiply", shared, rest)), losses: [] };
  },
};

const hasGate = ({ kind }: MixSpec) => kind === "gated" || kind === "conditional";

type SharedSpec = SpecOf<BesideSpec, "shared">;

/** Hidden units that all tokens pass. */
const sharedWidth = ({ count, times = 1 }: SharedSpec, { width }: ExpertShape) =>
  count * times * width;

/** Shared experts: one network as wide as all of them, which is their sum. */
export const sharedExperts: BesideKind<SharedSpec> = {
  parameters(spec, shape) {
    const { dModel } = shape;
    const { activation, mix } = spec;
    const width = sharedWidth(spec, shape);
    return {
      ...networkParameters("shared_", {
        ...{ rows: dModel, columns: width, back: dModel, width, activation },
      }),
      ...hasGate(mix) && { shared_mix: matrix(dModel, 1) },
    };
  },
  apply(run, { spec: { activation, mix }, given }) {
    const { g, w, x } = run;
    const h = hidden(g, x, { w, prefix: "shared_", activation });
    const shared = g.product(h, w.shared_down);
    const together = mixes[mix.kind] as Mix<MixSpec>;
    return together({ run, shared, routed: given }, mix);
  },
  flops(spec, shape) {
    const { dModel } = shape;
    const { activation, mix } = spec;
    return networkFlops({ dModel, width: sharedWidth(spec, shape), activation }) +
      (hasGate(mix) ? 2 * dModel : 0);
  },
};
