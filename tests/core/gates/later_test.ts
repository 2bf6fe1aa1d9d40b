import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import { gateRecipes } from "../../../core/gates/recipes.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { countsOf, dispatched, route, rowOf, rowsOf, smallShape, sum } from "./host_route.ts";

const seeds = fc.integer({ min: 1, max: 1000 });
const row = (id: string) => rowOf(gateRecipes, id);
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Routes again what a first pass was given, with another state. */
function again(id: string, { first, state }: {
  first: ReturnType<typeof route>;
  state: Record<string, ReturnType<typeof hostMatrix>>;
}) {
  const { shape, input, w } = first;
  const g = hostArrays({ seed: 1 });
  return gateOf(row(id)).route({ g, w, state, shape, input, training: true });
}

Deno.test("the bias of loss-free balancing moves choices and leaves weights to the scores", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 7 }), (seed, favoured) => {
      const first = route(row("loss-free"), { seed });
      const bias = hostMatrix([1, 8], Array.from({ length: 8 }, (_, e) => e === favoured ? 2 : 0));
      const gated = again("loss-free", { first, state: { bias } });
      const { ids, weights } = dispatched(gated, "choice");
      const logits = rowsOf(first.gated.logits!);
      const chosen = rowsOf(ids);
      rowsOf(weights).forEach((w, t) => {
        assert(chosen[t].includes(favoured));
        const scores = chosen[t].map((e) => sigmoid(logits[t][e]));
        w.forEach((v, k) => assertAlmostEquals(v, scores[k] / sum(scores), 1e-9));
      });
      // Every token went there: its bias falls by the rate, and the share of the others is missing.
      const counts = countsOf(gated.wanted!, 8);
      rowsOf(gated.state.bias)[0].forEach((b, e) =>
        assertAlmostEquals(b - bias.data[e], 0.001 * Math.sign(8 - counts[e]), 1e-12)
      );
    }),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("experts of DeepSeek-V3 lie on few nodes, the best by their two best experts", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 3), (seed, chosen) => {
      const recipe = row("deepseek-v3");
      assert(recipe.select.kind === "limited");
      const select = { ...recipe.select, k: 3, chosen: Math.max(2, chosen) };
      const { gated } = route({ ...recipe, select }, { seed });
      const { ids, weights } = dispatched(gated, "choice");
      const logits = rowsOf(gated.logits!);
      rowsOf(ids).forEach((own, t) => {
        const scores = logits[t].map(sigmoid);
        const node = (n: number) => scores[2 * n] + scores[2 * n + 1];
        const best = [0, 1, 2, 3].sort((a, b) => node(b) - node(a)).slice(0, select.chosen);
        for (const e of own) assert(best.includes(Math.floor(e / 2)), `${own} outside of ${best}`);
        assertEquals(new Set(own).size, 3);
      });
      for (const w of rowsOf(weights)) assertAlmostEquals(sum(w), 2.5, 1e-9);
      assertEquals(gated.losses.map(({ name }) => name), ["sequence-wise"]);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("ReMoE opens what is above 0, weighs by it, and steers its penalty by a factor", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { gated } = route(row("remoe"), { seed });
      const { ids, weights } = dispatched(gated, "choice");
      const logits = rowsOf(gated.logits!);
      rowsOf(ids).forEach((own, t) =>
        own.forEach((id, e) => assertEquals(id, logits[t][e] > 0 ? e : NONE))
      );
      rowsOf(weights).forEach((own, t) =>
        own.forEach((v, e) => assertAlmostEquals(v, Math.max(0, logits[t][e]), 1e-12))
      );
      const open = ids.data.filter((id) => id !== NONE).length / 32;
      const factor = open > 2 ? 1.2 : 1 / 1.2;
      assertAlmostEquals(gated.state.relu_l1.data[0], 1e-8 * factor, 1e-15);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("MoE++ with networks alone is plain top-2", () => {
  const { zeroExperts: _, ...networks } = row("moe-plus-plus");
  fc.assert(
    fc.property(seeds, (seed) => {
      // The first layer has no logits before it.
      const shape = { layer: 0 };
      const own = route({ ...networks, cap: undefined }, { seed, shape }).gated;
      const plain = route(row("mixtral"), { seed, shape }).gated;
      const [a, b] = [own, plain].map((gated) => dispatched(gated, "choice"));
      assertEquals([a.ids.data, a.weights.data], [b.ids.data, b.weights.data]);
      assertEquals([own.copied, own.added], [undefined, undefined]);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("experts of MoE++ without a network take weight, but no place in the dispatch", () => {
  let [copied, none] = [0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const recipe = { ...row("moe-plus-plus"), cap: undefined };
    const { gated } = route(recipe, { seed });
    const { ids, weights } = dispatched(gated, "choice");
    const [wanted, weight] = [rowsOf(gated.wanted!), rowsOf(weights)];
    rowsOf(ids).forEach((own, t) => {
      own.forEach((e, k) => assertEquals(e, wanted[t][k] < 4 ? wanted[t][k] : NONE));
      const through = sum(weight[t]);
      if (wanted[t].every((e) => e < 4)) assertAlmostEquals(through, 1, 1e-9);
      // The one that does nothing leaves its weight to the other.
      if (wanted[t].includes(7) && wanted[t].some((e) => e < 4)) {
        assertAlmostEquals(through, 1, 1e-9);
        none++;
      }
      if (wanted[t].includes(6) && wanted[t].some((e) => e < 4)) {
        assertAlmostEquals(through + gated.copied!.data[t], 1, 1e-9);
        copied++;
      }
    });
  }
  assert(copied > 20 && none > 20, `${copied} ${none}`);
});

Deno.test("logits of the layer before are added through a matrix", () => {
  const first = route(row("moe-plus-plus"), { seed: 5 });
  const { w, input, gated } = first;
  const before = rowsOf(input.logitsBefore);
  const x = rowsOf(input.x);
  rowsOf(gated.logits!).forEach((own, t) =>
    own.forEach((z, e) => {
      const linear = sum(x[t].map((v, d) => v * w.router.data[d * 8 + e]));
      const residual = sum(before[t].map((v, j) => v * w.residual.data[j * 8 + e]));
      assertAlmostEquals(z, linear + residual, 1e-9);
    })
  );
});

Deno.test("LongCat's bias steers the share of true experts to what is wanted", () => {
  const first = route(row("longcat"), { seed: 2, shape: { tokens: 64 } });
  let state = first.state;
  let gated = first.gated;
  const truths = () => sum(countsOf(gated.wanted!, 8).slice(0, 4)) / 64;
  // A batch that is seen again and again, and a controller a hundred times as quick.
  const start = Math.abs(truths() - 2);
  for (let step = 0; step < 150; step++) {
    gated = again("longcat", { first, state });
    const quick = rowsOf(gated.state.bias)[0].map((b, e) =>
      state.bias.data[e] + 100 * (b - state.bias.data[e])
    );
    state = { bias: hostMatrix([1, 8], quick) };
  }
  assert(Math.abs(truths() - 2) < Math.min(start, 0.25), `${truths()} true experts, ${start} off`);
});

Deno.test("counted over the batch, sequences may specialise; counted in each, they may not", () => {
  // Sequence s holds one direction, whose tokens like experts 2s and 2s + 1.
  const x = hostMatrix(
    [32, 8],
    Array.from({ length: 256 }, (_, i) => {
      const [sequence, d] = [Math.floor(i / 64), i % 8];
      return Math.floor(d / 2) === sequence ? 20 : 0;
    }),
  );
  const eye = hostMatrix([8, 8], Array.from({ length: 64 }, (_, i) => i % 9 === 0 ? 1 : 0));
  const loss = (id: string) => {
    const first = route(row(id), { x });
    const { losses } = again(id, { first: { ...first, w: { router: eye } }, state: {} });
    return losses[0].value.data[0] / 0.01;
  };
  assertAlmostEquals(loss("global-batch"), 1, 1e-6);
  assertAlmostEquals(loss("sequence-balance"), 4, 1e-6);
});

Deno.test("without a cap every token keeps all its experts", () => {
  for (const id of ["megablocks", "moh", "btx", "sigmoid", "global-batch"]) {
    const { gated } = route(row(id), { seed: 9 });
    const { ids, weights } = dispatched(gated, "choice");
    assert(!ids.data.includes(NONE), id);
    assertEquals(ids.data, gated.wanted!.data);
    assert(weights.data.every((w) => w > 0), id);
  }
});

Deno.test("Switch of Branch-Train-MiX has room for half as much again as a fair share", () => {
  // All tokens are alike and want the same expert.
  const { gated } = route(row("btx-switch"), { x: hostMatrix([32, 8], new Array(256).fill(1)) });
  const favourite = dispatched(gated, "choice").ids.data[0];
  assertEquals(countsOf(gated.wanted!, 8)[favourite], 32);
  const kept = [...dispatched(gated, "choice").ids.data];
  assertEquals(kept.map((e) => e === favourite), kept.map((_, t) => t < 6));
});

Deno.test("sampled top 1 draws experts as often as the softmax says", () => {
  const x = hostMatrix([32, 8], Array.from({ length: 256 }, (_, i) => (i % 8 === 0 ? 1 : 0)));
  const logits = [1, 0, -1, 0.5];
  const counts = [0, 0, 0, 0];
  const shape = { ...smallShape, experts: 4 };
  const first = route(row("btx-sample"), { x, shape });
  const router = hostMatrix([8, 4], Array.from({ length: 32 }, (_, i) => logits[i] ?? 0));
  const sampled = (step: number, training = true) => {
    const g = hostArrays({ seed: 1, step });
    const state = { step: hostMatrix([1, 1], [step]) };
    const { input } = first;
    return gateOf(row("btx-sample")).route({ g, w: { router }, state, shape, input, training });
  };
  for (let step = 0; step < 60; step++) {
    const gated = sampled(step);
    countsOf(dispatched(gated, "choice").ids, 4).forEach((n, e) => counts[e] += n);
    assertEquals(gated.state.step.data[0], step + 1);
  }
  // Where the model is used there is no noise: the temperature is seen in the weight.
  for (const step of [0, 1000, 1e6]) {
    const used = dispatched(sampled(step, false), "choice");
    const hot = logits.map((z) => Math.exp(z / Math.max(0.5, Math.exp(-1e-4 * step))));
    assertEquals(used.ids.data[0], 0);
    assertAlmostEquals(used.weights.data[0], hot[0] / sum(hot), 1e-9);
  }
  const exps = logits.map(Math.exp);
  const draws = 32 * 60;
  counts.forEach((n, e) => {
    const p = exps[e] / sum(exps);
    const deviation = Math.sqrt(draws * p * (1 - p));
    assert(Math.abs(n - draws * p) < 4 * deviation, `expert ${e}: ${n}, not ${draws * p}`);
  });
});

Deno.test("soft routers use all experts, with weights that sum to 1", () => {
  for (const id of ["bam-attention", "btx-soft", "dense", "ds-moe-dense", "mole", "loramoe"]) {
    const { ids, weights } = dispatched(route(row(id)).gated, "choice");
    assertEquals(countsOf(ids, 8), new Array(8).fill(32));
    for (const w of rowsOf(weights)) assertAlmostEquals(sum(w), 1, 1e-9);
  }
});

Deno.test("EvoMoE is dense while hot and sparse once cold", () => {
  const shape = { steps: 100 };
  const open = (step: number) => {
    const first = route(row("evomoe"), { shape });
    const state = { step: hostMatrix([1, 1], [step]) };
    return sum(countsOf(dispatched(again("evomoe", { first, state }), "choice").ids, 8)) / 32;
  };
  const [hot, warm, cold] = [0, 50, 100].map(open);
  assert(hot > 4 && hot > warm && warm > cold && cold < 2.5, `${hot} ${warm} ${cold}`);
});

Deno.test("a soft prompt is the same for a whole sequence, another for others", () => {
  const { gated, shape: { length } } = route(row("smop"), { seed: 4 });
  const ids = [...dispatched(gated, "choice").ids.data];
  ids.forEach((e, t) => assertEquals(e, ids[t - t % length]));
  assert(new Set(ids).size > 1);
});

Deno.test("heads of PEER find what a search over all sums finds", () => {
  const { gated, w, input } = route(row("peer"), { shape: { experts: 9 }, seed: 3 });
  const chosen = rowsOf(dispatched(gated, "choice").ids);
  const [keys1, keys2] = [rowsOf(w.router_keys_1), rowsOf(w.router_keys_2)];
  const dot = (a: number[], b: number[]) => sum(a.map((v, i) => v * b[i]));
  rowsOf(input.x).forEach((x, t) => {
    for (let head = 0; head < 2; head++) {
      const query = Array.from(
        { length: 16 },
        (_, c) => sum(x.map((v, d) => v * w.router_query.data[d * 32 + head * 16 + c])),
      );
      const scores = Array.from(
        { length: 9 },
        (_, e) =>
          dot(query.slice(0, 8), keys1[Math.floor(e / 3)]) + dot(query.slice(8), keys2[e % 3]),
      );
      const best = scores.map((_, e) => e).sort((a, b) => scores[b] - scores[a]).slice(0, 2);
      assertEquals(chosen[t].slice(2 * head, 2 * head + 2), best);
    }
  });
});

Deno.test("clusters and tasks decide for all their tokens", () => {
  for (const id of ["mocle", "moelora-tasks"]) {
    const { gated, input } = route(row(id), { seed: 2 });
    const rows = rowsOf(dispatched(gated, "choice").weights);
    const byTag = new Map<number, number[]>();
    rows.forEach((w, t) => {
      const tag = input.tags.data[t];
      assertEquals(byTag.get(tag) ?? w, w);
      byTag.set(tag, w);
    });
    assert(byTag.size > 1);
    assertNotEquals(...[...byTag.values()].slice(0, 2) as [number[], number[]]);
  }
});

Deno.test("rows say what they are, once each, and point to rows that exist", () => {
  assertEquals(new Set(gateRecipes.map(({ id }) => id)).size, gateRecipes.length);
  for (const recipe of gateRecipes) {
    const { id, causal, nearest, unverified = {} } = recipe;
    assert(/^[a-z0-9.]+(-[a-z0-9.]+)*$/.test(id), id);
    assert(recipe.arxiv === null || /^\d{4}\.\d{5}$/.test(recipe.arxiv), id);
    assert(/^(later|\d(\.\d){0,2})$/.test(recipe.section), `${id}: ${recipe.section}`);
    assertEquals(nearest === undefined, causal, id);
    if (!causal) assert(rowOf(gateRecipes, nearest ?? "").causal, id);
    const fields = ["score", "select", "weigh", "cap", "balance", "scale", "shared"];
    const known = [...fields, "zeroExperts", "training", "decoding"];
    for (const key of Object.keys(unverified)) {
      assert(known.includes(key.split(".")[0]), `${id} ${key}`);
    }
  }
});
