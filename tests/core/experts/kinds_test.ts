import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { attendCausally } from "../../../core/experts/attention.ts";
import { neighbourhoods } from "../../../core/experts/convolution.ts";
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

Deno.test("static positions: all dynamic is a plain network, all static is one network for all", () => {
  const spec: ExpertSpec = { routed: { kind: "partial", activation: "swiglu" } };
  const routed = { kind: "network", activation: "swiglu" } as const;
  fc.assert(
    fc.property(sizes, ({ name, ...given }) => {
      const shape = { ...given, length: given.tokens };
      const gated = drawnChoice(name, { ...shape, k: 1 });
      const run = runOf(name, { spec, shape, gated });
      const filled = (value: number) =>
        Object.fromEntries(
          Object.entries(run.state).map(([key, { shape, data }]) => [
            key,
            hostMatrix(shape, data.map(() => value)),
          ]),
        );
      assertSame(
        applyExperts({ ...run, state: filled(1) }, spec).y,
        applyExperts(run, { routed }).y,
        "dynamic",
      );
      assert(gated.dispatch.kind === "choice");
      const { weights } = gated.dispatch;
      const first = choiceOf(hostIndices(weights.shape, weights.data.map(() => 0)), weights);
      const { w } = run;
      assertSame(
        applyExperts({ ...run, state: filled(0) }, spec).y,
        applyExperts({
          ...{ ...run, shape: { ...shape, experts: 1 }, gated: first },
          w: { up: w.up_static, gate: w.gate_static, down: w.down_static },
        }, { routed }).y,
        "static",
      );
    }),
    RUNS,
  );
});

Deno.test("a made expert is the small network of the embeddings that were not chosen", () => {
  const beside = { kind: "hyper", embedding: 2, hidden: 3, rank: 2 } as const;
  const routed = { kind: "network", activation: "relu" } as const;
  fc.assert(
    fc.property(sizes, ({ name, ...given }) => {
      const shape = { ...given, length: given.tokens };
      const { dModel, tokens, experts } = shape;
      const spec: ExpertSpec = { routed, beside };
      const gated = drawnChoice(name, { ...shape, k: 1 });
      const run = runOf(name, { spec, shape, gated });
      const { g, w, x } = run;
      const made = g.map("subtract", applyExperts(run, spec).y, applyExperts(run, { routed }).y);
      assert(gated.dispatch.kind === "choice");
      for (let t = 0; t < tokens; t++) {
        const chosen = gated.dispatch.ids.data[t];
        const mean = [0, 1].map((m) => {
          const others = Array.from({ length: experts }, (_, e) => e).filter((e) => e !== chosen);
          const sum = others.reduce((s, e) => s + w.hyper_embedding.data[e * 2 + m], 0);
          return sum / Math.max(1, others.length);
        });
        const z = [0, 1, 2].map((h) =>
          Math.max(0, mean[0] * w.hyper_in.data[h] + mean[1] * w.hyper_in.data[3 + h])
        );
        const at = (from: typeof x, i: number) =>
          z.reduce((s, v, h) => s + v * from.data[h * dModel * 2 + i], 0);
        const inner = [0, 1].map((r) => {
          let sum = 0;
          for (let d = 0; d < dModel; d++) {
            sum += x.data[t * dModel + d] * at(w.hyper_down, d * 2 + r);
          }
          return Math.max(0, sum);
        });
        for (let d = 0; d < dModel; d++) {
          const wanted = inner.reduce((s, v, r) => s + v * at(w.hyper_up, r * dModel + d), 0);
          const scale = Math.max(1, Math.abs(wanted));
          assertAlmostEquals(made.data[t * dModel + d], wanted, 1e-8 * scale);
        }
      }
    }),
    RUNS,
  );
});

Deno.test("heads that are all on with a weight of 1 are plain attention", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 2 }), ({ name, ...given }, always) => {
      const shape = { ...given, length: given.tokens };
      const routed = { kind: "attention", keys: "own", always } as const;
      const run = runOf(name, { spec: { routed }, shape, gated: allChosen(shape) });
      const { g, w, x } = run;
      const [q, k, v] = [w.query, w.key, w.value].map((one) => g.product(x, one));
      const heads = Array.from({ length: always + shape.experts }, (_, i) => {
        const own = (a: typeof x) => g.columns(a, i * shape.width, (i + 1) * shape.width);
        return attendCausally(g, { q: own(q), k: own(k), v: own(v) }, shape);
      });
      const plain = g.product(g.beside(...heads), w.out);
      assertSame(applyExperts(run, { routed }).y, plain, name);
    }),
    RUNS,
  );
});

Deno.test("attention experts share keys: with copies of one key each, own keys give the same", () => {
  fc.assert(
    fc.property(sizes, ({ name, ...given }) => {
      const shape = { ...given, length: given.tokens };
      const shared: ExpertSpec = { routed: { kind: "attention", keys: "shared" } };
      const own: ExpertSpec = { routed: { kind: "attention", keys: "own" } };
      const gated = drawnChoice(name, { ...shape, k: 1 });
      const run = runOf(name, { spec: shared, shape, gated });
      const { g, w } = run;
      const copies = (a: typeof run.x) => g.beside(...Array(shape.experts).fill(a));
      const wide = { ...w, key: copies(w.key), value: copies(w.value) };
      assertSame(applyExperts(run, shared).y, applyExperts({ ...run, w: wide }, own).y, name);
    }),
    RUNS,
  );
});

Deno.test("attention sees its sequence up to the token, and nothing behind or beside it", () => {
  const g = hostArrays({ seed: 1 });
  const [q, k, v] = ["q", "k", "v"].map((name) => normal(name, [6, 2]));
  const y = attendCausally(g, { q, k, v }, { length: 3 });
  const moved = hostMatrix(v.shape, v.data.map((x, i) => i >= 8 ? x + 1 : x));
  const other = attendCausally(g, { q, k, v: moved }, { length: 3 });
  assertEquals([...other.data.subarray(0, 8)], [...y.data.subarray(0, 8)]);
  assertSame(
    hostMatrix([1, 2], y.data.subarray(6, 8)),
    hostMatrix([1, 2], v.data.subarray(6, 8)),
    "the first of a sequence",
  );
  assert(other.data[8] !== y.data[8]);
});

Deno.test("convolution: a neighbourhood is what lies around a place, zeros beyond the border", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.string(),
      (rows, columns, name) => {
        const length = rows * columns;
        const x = normal(name, [2 * length, 2]);
        const g = hostArrays({ seed: 1 });
        const seen = neighbourhoods(g, x, { size: 3, length, imageRows: rows });
        for (let t = 0; t < 2 * length; t++) {
          const [row, column] = [Math.floor(t % length / columns), t % columns];
          for (let at = 0; at < 9; at++) {
            const [r, c] = [row + Math.floor(at / 3) - 1, column + at % 3 - 1];
            const inside = r >= 0 && r < rows && c >= 0 && c < columns;
            const from = Math.floor(t / length) * length + r * columns + c;
            const wanted = inside ? x.data[from * 2 + 1] : 0;
            assertEquals(seen.data[t * 18 + at * 2 + 1], wanted);
          }
        }
      },
    ),
    RUNS,
  );
  const g = hostArrays({ seed: 1 });
  const image = normal("image", [4, 1]);
  const wrong = { size: 2, length: 4, imageRows: 2 };
  assertThrows(() => neighbourhoods(g, image, wrong), UserError, "by 2 x 2");
});

Deno.test("experts behind a gate that mixes tokens are refused, and where they run is said", () => {
  const spec: ExpertSpec = { routed: { kind: "network", activation: "relu" } };
  const shape = { dModel: 2, experts: 2, width: 2, tokens: 2, length: 2 };
  const weights = normal("merge", [1, 2]);
  const run = runOf("merged", {
    ...{ spec, shape },
    gated: { dispatch: { kind: "merged", weights, length: 2 }, losses: [], state: {} },
  });
  assertThrows(() => applyExperts(run, spec), RangeError, "gatedExperts");
});
