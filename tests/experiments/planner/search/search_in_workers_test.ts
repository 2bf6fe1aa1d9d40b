import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  searchInWorkers,
  type WorkersProgress,
} from "../../../../experiments/planner/search/search_in_workers.ts";
import type { SearchProblem } from "../../../../sim/search/problem.ts";
import { searchPlans, type SearchResult } from "../../../../sim/search/search_plans.ts";
import { searchWithPool } from "../../../../experiments/planner/search/search_with_pool.ts";
import { withPool } from "../../../../experiments/planner/search/worker_pool.ts";
import { rules as usual, sumOf, wide } from "./fixture.ts";

const { top } = usual;
const folder = ".moelab/test/search";
const alone = searchPlans(wide, { top });

/** What must be the same to the last byte. */
const outcome = ({ best, front, counts, complete, state }: SearchResult) =>
  JSON.stringify({ best, front, counts, complete, state }, undefined, 1);

Deno.test("one, two and three workers find the same, to the last count", async () => {
  const told: WorkersProgress[] = [];
  const onProgress = (progress: WorkersProgress) => told.push(progress);
  const one = await searchInWorkers(wide, { top, workers: 1, onProgress });
  assertEquals([one.best, one.front], [alone.best, alone.front]);
  assertEquals([one.complete, one.workers, one.counts.left], [true, 1, "0"]);
  assertEquals(sumOf(one.counts), BigInt(one.counts.enumerated));
  for (const workers of [2, 3]) {
    const many = await searchInWorkers(wide, { top, workers });
    assertEquals(outcome(many), outcome(one));
    assertEquals(many.workers, workers);
  }
  const { units } = alone.state;
  assertEquals([told[0].unitsDone, told[0].evaluated, told[0].bestSeconds], [0, 0, undefined]);
  told.slice(1).forEach((now, i) => {
    assert(now.unitsDone > told[i].unitsDone && now.evaluated >= told[i].evaluated);
    assert(now.decidedShare >= told[i].decidedShare && now.units === units);
  });
  const last = told.at(-1)!;
  assertEquals([last.unitsDone, last.decidedShare], [units, 1]);
  assertEquals([last.evaluated, last.bestSeconds], [
    Number(one.counts.evaluated),
    one.best[0].stepSeconds,
  ]);
});

Deno.test("a search that is stopped again and again ends as one that is not", async () => {
  const statePath = `${folder}/stopped.json`;
  const whole = await searchInWorkers(wide, { top, workers: 2 });
  let done = 0;
  for (const [turn, units] of [3, 90, 200, 240].entries()) {
    const controller = new AbortController();
    const part = await searchInWorkers(wide, {
      ...{ top, workers: 1 + turn % 3, statePath, resume: turn > 0, signal: controller.signal },
      onProgress: ({ unitsDone }) => unitsDone >= units && controller.abort(),
    });
    assertEquals([part.complete, sumOf(part.counts)], [false, BigInt(part.counts.enumerated)]);
    assert(BigInt(part.counts.left) > 0n);
    const { units: saved } = JSON.parse(await Deno.readTextFile(statePath));
    assertEquals(saved, alone.state.units);
    assert(part.state.unitsDone >= done);
    done = part.state.unitsDone;
    if (turn === 1) {
      // What one process makes of the rest.
      const rest = searchPlans(wide, { top, state: part.state });
      assertEquals([rest.best, rest.front], [alone.best, alone.front]);
    }
  }
  assert(done > 100);
  const end = await searchInWorkers(wide, { top, workers: 2, statePath, resume: true });
  assertEquals(outcome(end), outcome(whole));
  // What is complete is there at once, with no worker.
  const again = await searchInWorkers(wide, { top, workers: 2, statePath, resume: true });
  assertEquals(outcome(again), outcome(whole));
  const leftovers = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".tmp"));
  assertEquals(leftovers, []);
});

Deno.test("workers that stay find the same, and go on from what is given", async () => {
  const other = { ...wide, globalBatch: 32 };
  const rules = { top: 1, frontSlack: 0.02, frontSpan: 5 };
  const [best] = [await searchInWorkers(wide, { top, front: false, workers: 2 })];
  const given = best.state.best;
  const front = await searchInWorkers(wide, { ...rules, given, workers: 2 });
  assertEquals(front.best[0], best.best[0]);
  await withPool(2, async (pool) => {
    assertEquals(
      outcome(await searchWithPool(wide, { top, front: false, pool })),
      outcome(best),
    );
    assertEquals(outcome(await searchWithPool(wide, { ...rules, given, pool })), outcome(front));
    // Another problem in between, and stopped before its end.
    const stopped = await searchWithPool(other, { top, pool, budgetSeconds: 0 });
    assertEquals(stopped.complete, false);
    assertEquals(outcome(await searchWithPool(wide, { ...rules, given, pool })), outcome(front));
  });
  // What is given is kept where nothing beats it.
  const all = searchPlans(wide, { top, frontSlack: 0, frontSpan: 5 });
  for (const { stepSeconds, peakBytes } of all.front) {
    assert(
      front.front.some((near) =>
        near.stepSeconds <= 1.02 * stepSeconds && near.peakBytes <= 1.02 * peakBytes
      ),
    );
  }
});

Deno.test("a budget ends a search, which then gives what it has", async () => {
  const none = await searchInWorkers(wide, { top, workers: 2, budgetSeconds: 0 });
  assertEquals([none.complete, none.best], [false, []]);
  assertEquals(sumOf(none.counts), BigInt(none.counts.enumerated));
  const long = await searchInWorkers(wide, { top, workers: 2, budgetSeconds: 1e9 });
  assertEquals([long.complete, long.best], [true, alone.best]);
});

Deno.test("where nothing fits, nothing is found", async () => {
  const problem = { ...wide, memoryLimit: 0.999 * alone.front.at(-1)!.peakBytes };
  const { best, front, complete, counts, state } = await searchInWorkers(problem, { workers: 2 });
  assertEquals([best, front, complete], [[], [], true]);
  assertEquals([counts.evaluated, sumOf(counts)], ["0", BigInt(counts.enumerated)]);
  assert(state.units > 3, `${state.units} units`);
  const never = await searchInWorkers({ ...wide, memoryLimit: 1e6 }, { workers: 2 });
  assertEquals([never.state.units, never.complete], [0, true]);
});

Deno.test("errors come out of workers, and end them", async () => {
  const refused = (problem: SearchProblem, options: Parameters<typeof searchInWorkers>[1]) =>
    assertRejects(() => searchInWorkers(problem, options), TypeError);
  const { message } = await refused({ ...wide, cluster: "h10:8" }, { workers: 1 });
  assert(message.includes('did you mean "h100"'), message);
  const many = await refused(wide, { workers: 40 });
  assertEquals(many.message, "Cannot search with 40 workers: wanted a whole number from 1 to 16");
  // Only a worker opens a problem as far as this.
  const broken = { ...wide, choices: { ...wide.choices, schedule: ["1f2b"] } };
  const error = await assertRejects(
    () => searchInWorkers(broken as unknown as SearchProblem, { workers: 2 }),
    Error,
    "A worker of the search has failed: ",
  );
  assert(typeof error.cause === "string");
  const controller = new AbortController();
  controller.abort(new Error("stopped before it began"));
  const { signal } = controller;
  await assertRejects(() => searchInWorkers(wide, { signal }), Error, "before it began");
  const soon = AbortSignal.timeout(1);
  await assertRejects(() => searchInWorkers(wide, { workers: 1, signal: soon }), DOMException);
});

Deno.test("a place where nothing can be saved ends a search with one line", async () => {
  await Deno.mkdir(`${folder}/taken.json`, { recursive: true });
  const { message } = await assertRejects(
    () => searchInWorkers(wide, { top, workers: 1, statePath: `${folder}/taken.json` }),
    TypeError,
  );
  assert(message.startsWith(`Cannot save the search in ${folder}/taken.json: `), message);
});
