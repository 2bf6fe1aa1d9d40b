/** The trace that `routing` writes, and the all-to-all of the simulator under it, counted by hand. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { simulateEvents } from "../../../experiments/simulate/events.ts";
import { readSimulation } from "../../../experiments/simulate/inputs.ts";
import {
  countExchange,
  exchangeCheck,
  reachedRanks,
  tracedExchange,
} from "../../../experiments/checkpoints/routing/trace_exchange.ts";
import { traceCost } from "../../../experiments/checkpoints/routing/trace_cost.ts";
import type { RoutedTexts } from "../../../experiments/checkpoints/routing/routed.ts";
import { tracedWords } from "../../../experiments/training/trace/simulate_trace.ts";
import { countsFromChoices } from "../../../sim/step/layer/routing.ts";
import { expertParallel } from "../../../sim/step/layer/expert_parallel.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import type { SimulatedStep } from "../../../sim/step/simulate_step.ts";
import { inFolder } from "../world.ts";

const [experts, topK, ranks] = [8, 2, 4];

/** Two layers of routed texts: one list of pairs of experts a layer, a token each. */
function routedOf(...pairs_LT: [number, number][][]): RoutedTexts {
  const [{ length: tokens }] = pairs_LT;
  return {
    ...{ experts, topK, domains: ["only"], layers: pairs_LT.map((_, i) => i) },
    sequences: [{
      ...{ domain: 0, ids: new Uint32Array(tokens) },
      chosen_LTK: pairs_LT.map((pairs) => Uint32Array.from(pairs.flat())),
      weights_LTK: pairs_LT.map(() => new Float32Array(tokens * topK).fill(0.5)),
    }],
  };
}

/** Eight tokens: of 16 choices ranks 0 to 3 get 9, 3, 2, 2; then 1, 1, 2, 12. */
const first: [number, number][] = [[0, 1], [0, 2], [1, 3], [0, 2], [1, 4], [0, 6], [0, 5], [1, 7]];
const second: [number, number][] = Array.from({ length: 8 }, () => [6, 7]);
second.splice(0, 4, [6, 0], [7, 2], [6, 4], [7, 5]);

const words = { model: "mixtral-8x7b", cluster: "h100:4", plan: `ep=${ranks}` };

/** Bytes that each rank sends and receives, of all different dispatches of a step. */
function bytesOf({ graph: { tags }, ranks: { first } }: SimulatedStep) {
  const all = tags.flatMap(({ exchange }) => exchange?.name === "dispatch" ? [exchange] : []);
  const inRanks = (of: Float64Array) => first.map((place, c) => [place % ranks, of[c]]);
  return new Set(
    all.map(({ sentBytes, receivedBytes }) =>
      JSON.stringify([inRanks(sentBytes), inRanks(receivedBytes)])
    ),
  );
}

Deno.test("the step's all-to-all carries the bytes that the trace has by hand", () =>
  inFolder(async (folder) => {
    const texts = routedOf(first, second);
    const cost = await traceCost(texts, { model: "made", out: folder, words });
    assertEquals(JSON.parse(Deno.readTextFileSync(cost.path)).counts_LE, [
      [5, 4, 2, 1, 1, 1, 1, 1],
      [1, 0, 1, 0, 1, 1, 6, 6],
    ]);
    // Tokens of a micro-batch: 4096, two choices each, rows of 4096 half floats.
    const [choices, rowBytes] = [8192, 8192];
    const step = simulateEvents(await readSimulation(tracedWords(words, cost.path)));
    const found = [...bytesOf(step)].map((text) => JSON.parse(text));
    const shares_LR = [[9, 3, 2, 2], [1, 1, 2, 12]];
    assertEquals(found.length, 2, "layers take the two of the trace in turn");
    for (const [layer, share_R] of shares_LR.entries()) {
      // Rank q sends choices * share_r / 16 to rank r, whatever q is.
      const rows_RR = share_R.map(() => share_R.map((share) => choices * share / 16));
      const over = (way: (q: number, r: number) => number) =>
        share_R.map((_, q) =>
          share_R.reduce((sum, _, r) => sum + (q === r ? 0 : way(q, r)), 0) * rowBytes
        );
      const [sent, received] = [over((q, r) => rows_RR[q][r]), over((q, r) => rows_RR[r][q])];
      const [simulatedSent, simulatedReceived] = found[layer];
      for (const [rank, bytes] of simulatedSent) assertEquals(bytes, sent[rank]);
      for (const [rank, bytes] of simulatedReceived) assertEquals(bytes, received[rank]);
    }
    assertEquals([cost.exchange!.offBytes, cost.exchange!.ranks], [0, ranks]);
    assertEquals(cost.exchange!.fullestOverMean, (9 / 4 + 12 / 4) / 2);
    assert(cost.simulated!.traced.step.value > cost.simulated!.balanced.step.value);

    // Without the trace the bytes are those of equal shares.
    const even = simulateEvents(await readSimulation(tracedWords(words, "balanced")));
    const [balanced] = [...bytesOf(even)].map((text) => JSON.parse(text));
    for (const [, bytes] of balanced[1]) assertEquals(bytes, choices * 3 / 4 * rowBytes);
    const { counts_LE } = JSON.parse(Deno.readTextFileSync(cost.path));
    const wrong = tracedExchange(texts, { counts_LE, step: even })!;
    assert(wrong.offBytes > 1e6, "a step that does not follow the trace is found out");
    assert(!exchangeCheck(wrong).passed && exchangeCheck(cost.exchange!).passed);
  }));

Deno.test("a step of other exchanges is not held against that count", () =>
  inFolder(async (folder) => {
    const texts = routedOf(first, second);
    for (const plan of ["ep=4,dispatcher=all-gather", "ep=4,capacity=1", "ep=2,etp=2,tp=4"]) {
      const cost = await traceCost(texts, { model: "m", out: folder, words: { ...words, plan } });
      assertEquals([cost.refused, cost.exchange], [undefined, undefined], plan);
    }
    const none = { ...words, model: "llama-3-8b" };
    const { refused } = await traceCost(texts, { model: "m", out: folder, words: none });
    assertMatch(refused!, /\S/);
  }));

Deno.test("rows of ranks add up, and a token reaches as many ranks as its choices lie on", () => {
  const { sent_R, received_R } = countExchange([1, 1, 1, 1, 4, 0, 0, 0], { ranks, choices: 64 });
  assertEquals(sent_R, [48, 48, 32, 64]);
  assertEquals(received_R, [48, 48, 96, 0]);
  // All 28 pairs once: 4 of them on one rank.
  const pairs: [number, number][] = [];
  for (let b = 1; b < experts; b++) for (let a = 0; a < b; a++) pairs.push([a, b]);
  const { counted, expected } = reachedRanks(routedOf(pairs), ranks);
  assertEquals(counted, (4 + 2 * 24) / 28);
  assertAlmostEquals(expected, counted, 1e-12);
  assertEquals(reachedRanks(routedOf(second), ranks).counted, (4 * 1 + 4 * 2) / 8);
});

Deno.test("a layer that is given each rank's choices sends what each pair of ranks has by hand", () => {
  // Two tokens a rank, in the order of the text.
  const ids_TK = first.flat();
  const counts_RE = countsFromChoices(ids_TK, { ranks, experts, topK });
  const rows_RR = Array.from({ length: ranks }, () => new Array<number>(ranks).fill(0));
  const tokens_RR = rows_RR.map((row) => row.slice());
  first.forEach((pair, t) => {
    const goals = pair.map((expert) => Math.floor(expert / 2));
    goals.forEach((goal) => rows_RR[Math.floor(t / 2)][goal]++);
    new Set(goals).forEach((goal) => tokens_RR[Math.floor(t / 2)][goal]++);
  });
  assertEquals(rows_RR, [[3, 1, 0, 0], [2, 2, 0, 0], [2, 0, 1, 1], [2, 0, 1, 1]]);
  const layer = { dModel: 64, dExpert: 32, experts, topK, sharedExperts: 0, sharedWidth: 0 };
  const { perRank } = expertParallel({
    ...{ layer, counts_RE, tokens_R: [2, 2, 2, 2], dtype: "bf16" as const },
    cluster: parseCluster("h100:4"),
    price: () => ({ value: 1e-5, lo: 1e-5, hi: 1e-5, n: 0, method: "made up" }),
  });
  const rowBytes = 2 * 64;
  for (const { rank, sentBytes, receivedBytes } of perRank) {
    const over = (way: (other: number) => number) =>
      rows_RR.reduce((sum, _, other) => sum + (other === rank ? 0 : way(other)), 0);
    const out = over((other) => rows_RR[rank][other]);
    const back = over((other) => rows_RR[other][rank]);
    // What goes out comes back: both ways are in both figures.
    assertEquals([sentBytes, receivedBytes], [(out + back) * rowBytes, (out + back) * rowBytes]);
  }
  // Sent once to each rank, the first token, whose experts lie on one, is one row fewer.
  assertEquals(tokens_RR, [[2, 1, 0, 0], [2, 2, 0, 0], [2, 0, 1, 1], [2, 0, 1, 1]]);
  assertEquals(
    tokens_RR.flat().reduce((a, b) => a + b) / first.length,
    reachedRanks(routedOf(first), ranks).counted,
  );
});
