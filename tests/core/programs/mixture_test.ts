/** A mixture in the language beside the oracle of experts behind any gate. */
import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import { type DispatchValues, gatedExpertsOracle } from "../../../core/nn/gated_experts_oracle.ts";
import {
  mixture,
  type MixtureSizes,
  mixtureStates,
  mixtureTensors,
} from "../../../core/programs/mixture.ts";
import { firstValues } from "../../../core/nn/parameters.ts";
import { split } from "../../../kernels/base/random.ts";
import { UserError } from "../../../kernels/base/errors.ts";

const [dModel, dExpert, experts, tokens, length] = [6, 4, 4, 16, 8];

const sizesOf = (id: string, causal = false): MixtureSizes => ({
  recipe: recipeById(id),
  shape: {
    ...{ dModel, experts, topK: 1, tokens, length, vocabulary: 5, tags: 1, layer: 0, layers: 1 },
  },
  ...{ dExpert, causal },
});

const values = (tensors: ReturnType<typeof mixtureTensors>) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, one]) => [
      name,
      hostMatrix(one.shape, firstValues(one, { seed: 2, name })),
    ]),
  );

/**
 * The oracle knows gated networks alone: silu(x up) is gated by 1, which a further number of each
 * token, always 1, gives. It stays 1 where tokens and networks are mixed by weights that sum to 1.
 */
function oracle(x: HostMatrix, w: Record<string, HostMatrix>, dispatch: DispatchValues): number[] {
  const wide = dModel + 1;
  const widened = Array.from({ length: tokens }, (_, t) => [
    ...x.data.subarray(t * dModel, (t + 1) * dModel),
    1,
  ]).flat();
  const up: number[] = [];
  const down: number[] = [];
  for (let e = 0; e < experts; e++) {
    for (let i = 0; i < wide; i++) {
      for (let f = 0; f < dExpert; f++) {
        up.push(i < dModel ? w.up.data[(i * experts + e) * dExpert + f] : 0);
      }
    }
    for (let i = 0; i < wide; i++) for (let f = 0; f < dExpert; f++) up.push(i < dModel ? 0 : 1);
    for (let f = 0; f < dExpert; f++) {
      const at = (e * dExpert + f) * dModel;
      down.push(...w.down.data.subarray(at, at + dModel), 0);
    }
  }
  const y = gatedExpertsOracle(widened, {
    ...{ dModel: wide, dExpert, experts, networks: { up, down }, dispatch },
  });
  return [...y].filter((_, i) => i % wide < dModel);
}

const kinds = {
  choice: ["mixtral", "switch", "gshard", "hash", "expert-choice"],
  slots: ["soft-moe", "mixture-of-tokens"],
  merged: ["smear", "lory-even-start"],
};

for (const [kind, ids] of Object.entries(kinds)) {
  for (const id of ids) {
    Deno.test(`${id}: experts behind "${kind}" are those of the oracle`, () => {
      const sizes = sizesOf(id);
      const w = values(mixtureTensors(sizes));
      const stream = split(3, id);
      const x = hostMatrix(
        [tokens, dModel],
        Array.from({ length: tokens * dModel }, () => stream.normal()),
      );
      const state = values(mixtureStates(sizes));
      const run = { sizes, w, state, training: false };
      const { y, gated: { dispatch } } = mixture(hostArrays({ seed: 1 }), x, run);
      assertEquals(dispatch.kind, kind);
      const wanted = oracle(
        x,
        w,
        dispatch.kind === "choice"
          ? {
            ...{ kind: "choice", ids: dispatch.ids.data, weights: dispatch.weights.data },
            topK: dispatch.ids.shape[1],
          }
          : dispatch.kind === "slots"
          ? { ...dispatch, mix: dispatch.mix.data, combine: dispatch.combine.data }
          : { ...dispatch, weights: dispatch.weights.data },
      );
      y.data.forEach((one, i) => assertAlmostEquals(one, wanted[i], 1e-9));
      // Chosen experts alone, where the gate chooses; else there is nothing to leave out.
      const chosen = mixture(hostArrays({ seed: 1 }), x, {
        ...run,
        sizes: { ...sizes, compute: "chosen" },
      });
      chosen.y.data.forEach((one, i) => assertAlmostEquals(one, wanted[i], 1e-9));
    });
  }
}

Deno.test("experts without a network copy a token or give a constant", () => {
  const few = sizesOf("moe-plus-plus");
  const sizes = { ...few, shape: { ...few.shape, experts: 8 } };
  const w = values(mixtureTensors(sizes));
  const state = values(mixtureStates(sizes));
  const x = hostMatrix([tokens, dModel], Float64Array.from({ length: 96 }, (_, i) => Math.sin(i)));
  const g = hostArrays({ seed: 1 });
  const run = { sizes, w, state, training: false };
  const { y, gated: { copied, added } } = mixture(g, x, run);
  const silent = { ...w, down: g.scale(w.down, 0) };
  const rest = mixture(g, x, { ...run, w: silent }).y;
  assertEquals(w.up.shape, [dModel, 4 * dExpert]);
  assertNotEquals(y.data, rest.data);
  rest.data.forEach((one, i) => {
    const t = Math.floor(i / dModel);
    const wanted = x.data[i] * copied!.data[t] + (added?.data[i] ?? 0);
    assertAlmostEquals(one, wanted, 1e-12);
  });
});

Deno.test("a gate that looks ahead is refused where tokens must not", () => {
  assertThrows(() => mixtureTensors(sizesOf("expert-choice", true)), UserError, "after it");
});
