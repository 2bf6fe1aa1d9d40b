import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { bestByProductKeys } from "../../../core/experts/neurons.ts";
import type { ExpertSpec } from "../../../core/experts/specs.ts";
import { applyExperts } from "../../../core/experts/table.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import {
  allChosen,
  assertSame,
  choiceOf,
  drawnChoice,
  normal,
  runOf,
  RUNS,
  sizes,
} from "./cases.ts";

const activations = fc.constantFrom("relu", "relu2", "gelu", "geglu", "swiglu" as const);

Deno.test("product keys find what scoring all n n experts finds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 7 }).chain((n) =>
        fc.tuple(fc.constant(n), fc.integer({ min: 1, max: n }), fc.string())
      ),
      ([n, k, name]) => {
        const g = hostArrays({ seed: 1 });
        const queries = [normal(`${name} q1`, [3, 2]), normal(`${name} q2`, [3, 2])] as const;
        const keys = [normal(`${name} k1`, [n, 2]), normal(`${name} k2`, [n, 2])] as const;
        const { ids, scores } = bestByProductKeys(g, { queries, keys }, k);
        const [first, second] = queries.map((q, i) => g.product(q, keys[i], { transpose: "b" }));
        for (let t = 0; t < 3; t++) {
          const all = Array.from({ length: n * n }, (_, e) => ({
            e,
            score: first.data[t * n + Math.floor(e / n)] + second.data[t * n + e % n],
          })).sort((a, b) => b.score - a.score).slice(0, k);
          assertEquals([...ids.data.subarray(t * k, (t + 1) * k)], all.map(({ e }) => e));
          all.forEach(({ score }, i) => assertAlmostEquals(scores.data[t * k + i], score, 1e-12));
        }
      },
    ),
    RUNS,
  );
  const one = normal("one", [1, 1]);
  assertThrows(
    () => bestByProductKeys(hostArrays({ seed: 1 }), { queries: [one, one], keys: [one, one] }, 2),
    UserError,
    "the best 2 by 1 half keys",
  );
});

Deno.test("networks: each token gets the weighed sum of those it chose, and of no others", () => {
  fc.assert(
    fc.property(sizes, activations, ({ name, ...shape }, activation) => {
      const k = Math.max(1, shape.experts - 1);
      const spec: ExpertSpec = { routed: { kind: "network", activation } };
      const gated = drawnChoice(name, { ...shape, k });
      const whole = { ...shape, length: shape.tokens };
      const run = runOf(name, { spec, shape: whole, gated });
      const { y } = applyExperts(run, spec);
      const { g, w, x } = run;
      let wanted = hostMatrix(y.shape, y.data.map(() => 0));
      for (let e = 0; e < shape.experts; e++) {
        const own = (all: typeof x) => g.columns(all, e * shape.width, (e + 1) * shape.width);
        const one = applyExperts({
          ...run,
          shape: { ...whole, experts: 1 },
          w: {
            up: own(w.up),
            ...w.gate && { gate: own(w.gate) },
            down: g.transpose(own(g.transpose(w.down))),
          },
          gated: allChosen({ ...whole, experts: 1 }),
        }, spec);
        assert(gated.dispatch.kind === "choice");
        const share = g.put(gated.dispatch.weights, gated.dispatch.ids, shape.experts);
        const weighed = g.map("multiply", one.y, g.columns(share, e, e + 1));
        wanted = g.map("add", wanted, weighed);
      }
      assertSame(y, wanted, name);
    }),
    RUNS,
  );
});

Deno.test("single neurons looked up are networks of width 1 of which all are computed", () => {
  fc.assert(
    fc.property(sizes, ({ name, width: _, ...given }) => {
      const shape = { ...given, width: 1, length: given.tokens };
      const gated = drawnChoice(name, { ...shape, k: Math.min(3, shape.experts) });
      const spec: ExpertSpec = { routed: { kind: "neuron", activation: "gelu" } };
      const run = runOf(name, { spec, shape, gated });
      const { g, w } = run;
      const dense = applyExperts({ ...run, w: { up: g.transpose(w.in), down: w.out } }, {
        routed: { kind: "network", activation: "gelu" },
      });
      assertSame(applyExperts(run, spec).y, dense.y, name);
    }),
    RUNS,
  );
});

Deno.test("a shared expert alone is what remains where no expert was chosen", () => {
  fc.assert(
    fc.property(sizes, activations, ({ name, ...given }, activation) => {
      const shape = { ...given, length: given.tokens };
      const nobody = choiceOf(
        hostIndices([shape.tokens, 1], Array(shape.tokens).fill(NONE)),
        normal(name, [shape.tokens, 1]),
      );
      const routed = { kind: "network", activation } as const;
      const beside = { kind: "shared", count: 1, activation, mix: { kind: "sum" } } as const;
      const run = runOf(name, { spec: { routed, beside }, shape, gated: nobody });
      const one = { ...shape, experts: 1 };
      const dense = applyExperts({
        ...{ ...run, shape: one, gated: allChosen(one) },
        w: { up: run.w.shared_up, gate: run.w.shared_gate, down: run.w.shared_down },
      }, { routed });
      assertSame(applyExperts(run, { routed, beside }).y, dense.y, name);
    }),
    RUNS,
  );
});

Deno.test("a conditional gate of 0 is the shared network, of 1 the experts, and is held to a share", () => {
  const routed = { kind: "network", activation: "relu" } as const;
  const mix = { kind: "conditional", share: 0.25, weight: 0.5 } as const;
  const shared = { kind: "shared", count: 1, activation: "relu" } as const;
  fc.assert(
    fc.property(sizes, ({ name, ...given }) => {
      const shape = { ...given, length: given.tokens };
      const spec: ExpertSpec = { routed, beside: { ...shared, mix } };
      const gated = drawnChoice(name, { ...shape, k: 1 });
      const run = runOf(name, { spec, shape, gated });
      // A first column of ones, so that the gate is as far as is wanted.
      const x = hostMatrix(
        run.x.shape,
        run.x.data.map((v, i) => i % shape.dModel === 0 ? 1 : v),
      );
      const at = (far: number) => {
        const column = Array.from({ length: shape.dModel }, (_, d) => d === 0 ? far : 0);
        const w = { ...run.w, shared_mix: hostMatrix([shape.dModel, 1], column) };
        return { ...run, x, routed: x, w };
      };
      const alone = applyExperts(at(0), { routed }).y;
      const both = applyExperts(at(0), { routed, beside: { ...shared, mix: { kind: "sum" } } }).y;
      const sharedAlone = run.g.map("subtract", both, alone);
      assertSame(applyExperts(at(60), spec).y, alone, "gate of 1");
      assertSame(applyExperts(at(-60), spec).y, sharedAlone, "gate of 0");
      const [{ value }] = applyExperts(at(60), spec).losses;
      assertAlmostEquals(value.data[0], 0.5 * 0.75, 1e-12);
    }),
    RUNS,
  );
});

Deno.test("a universal expert takes what the largest weight leaves", () => {
  const routed = { kind: "network", activation: "relu" } as const;
  const shared = { kind: "shared", count: 2, activation: "relu" } as const;
  fc.assert(
    fc.property(sizes, ({ name, ...given }) => {
      const shape = { ...given, length: given.tokens };
      const spec: ExpertSpec = { routed, beside: { ...shared, mix: { kind: "rest" } } };
      const run = runOf(name, { spec, shape, gated: allChosen(shape, 1) });
      assertSame(applyExperts(run, spec).y, applyExperts(run, { routed }).y, "weights of 1");
      const free = { ...run, gated: allChosen(shape, 0) };
      const sum: ExpertSpec = { routed, beside: { ...shared, mix: { kind: "sum" } } };
      assertSame(applyExperts(free, spec).y, applyExperts(free, sum).y, "weights of 0");
    }),
    RUNS,
  );
});

Deno.test("experts that read an earlier layer do not see this one; shared ones do", () => {
  const routed = { kind: "network", activation: "gelu" } as const;
  const beside = { kind: "shared", count: 1, activation: "gelu", mix: { kind: "sum" } } as const;
  fc.assert(
    fc.property(sizes, ({ name, ...given }) => {
      const shape = { ...given, length: given.tokens };
      const spec: ExpertSpec = { routed, beside };
      const gated = drawnChoice(name, { ...shape, k: 1 });
      const run = runOf(name, { spec, shape, gated });
      const other = normal(`${name} other`, run.x.shape);
      const routedOf = (run: Parameters<typeof applyExperts>[0]) => applyExperts(run, { routed }).y;
      assertSame(
        routedOf({ ...run, x: other }) as typeof other,
        routedOf(run) as typeof other,
        "routed alone",
      );
      const zero = hostMatrix(other.shape, other.data.map(() => 0));
      const [full, blind] = [run, { ...run, routed: zero }].map((one) => applyExperts(one, spec).y);
      const { g } = run;
      assertSame(g.map("subtract", full, blind), applyExperts(run, { routed }).y, "earlier");
    }),
    RUNS,
  );
});
