import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  isDone,
  type Ledger,
  openLedger,
  stateOf,
  takeChunk,
} from "../../../../experiments/planner/search/ledger.ts";
import { ledgerOf, savedOf } from "../../../../experiments/planner/search/saved_search.ts";
import { openSearch } from "../../../../sim/search/open_search.ts";
import { runSearch } from "../../../../sim/search/run_search.ts";
import { beginSearch } from "../../../../sim/search/search_state.ts";
import { playWorkers, rules, smaller, sumOf, wide } from "./fixture.ts";

/** Which of some workers answers next, from a list of draws. */
function drawn(draws: readonly number[]): (busy: number) => number {
  let at = 0;
  return (busy) => draws[at++ % draws.length] % busy;
}

const draws = fc.array(fc.nat(1000), { minLength: 5, maxLength: 30 });

/** What must be the same: what is kept and what became of every plan. */
const outcome = (ledger: Ledger) => {
  const { best, front, counts, complete } = stateOf(ledger);
  return { best, front, counts, complete };
};

Deno.test("any number of workers in any order finds what one search finds", () => {
  let kept = 0;
  let units = 0;
  fc.assert(
    fc.property(smaller, draws, fc.boolean(), (problem, order, front) => {
      const { objective = "time" } = problem;
      const own = { top: 3, front, objective };
      const space = openSearch(problem);
      const alone = runSearch(space, beginSearch(space), own);
      const [first, ...others] = [1, 2, 3].map((workers) =>
        outcome(playWorkers(problem, { rules: own, workers, choose: drawn(order) }))
      );
      assertEquals([first.best, first.front], [alone.best, alone.front]);
      assertEquals([first.complete, first.counts.left], [true, "0"]);
      assertEquals(sumOf(first.counts), BigInt(first.counts.enumerated));
      for (const other of others) assertEquals(other, first);
      kept += first.best.length;
      units += alone.units;
    }),
    { seed: 11, numRuns: 8 },
  );
  assert(kept > 10 && units > 200, `${kept} plans are kept, of ${units} units`);
});

Deno.test("with a front that is near, too, workers agree to the last count", () => {
  const near = { ...rules, frontSlack: 0.1 };
  const one = playWorkers(wide, { rules: near, workers: 1, choose: () => 0 });
  for (const workers of [2, 7]) {
    const order = fc.sample(draws, { seed: workers, numRuns: 1 })[0];
    const many = playWorkers(wide, { rules: near, workers, choose: drawn(order) });
    assertEquals(outcome(many), outcome(one));
  }
  assert(one.chunks.length > 100 && one.known.front.length > 3);
});

Deno.test("a search that is broken off at any point goes on as if it were not", () => {
  const whole = playWorkers(wide, { rules, workers: 2, choose: () => 0 });
  const space = openSearch(wide);
  const alone = runSearch(space, beginSearch(space), rules);
  assertEquals([whole.known.best, whole.known.front], [alone.best, alone.front]);
  let merged = 0;
  fc.assert(
    fc.property(draws, fc.integer({ min: 1, max: 4 }), (order, workers) => {
      let ledger: Ledger | undefined;
      for (let turn = 0; ledger === undefined || !isDone(ledger); turn++) {
        const answers = turn < 4 ? 1 + order[turn] % 60 : Infinity;
        ledger = playWorkers(wide, { rules, workers, choose: drawn(order), ledger, answers });
        const text = JSON.stringify(savedOf(ledger, "any"));
        const { begin, results } = ledgerOf(JSON.parse(text));
        merged = Math.max(merged, JSON.parse(text).merged);
        assertEquals(sumOf(stateOf(ledger).counts), BigInt(begin.counts.enumerated));
        ledger = openLedger(begin, { rules, results });
        if (isDone(ledger)) continue;
        // The state of what is done without a gap can be gone on with in one thread.
        const state = stateOf(ledger);
        if (turn === 1) assertEquals(runSearch(space, state, rules).best, alone.best);
      }
      assertEquals(outcome(ledger), outcome(whole));
    }),
    { seed: 3, numRuns: 3 },
  );
  assert(merged > 50, `${merged} chunks are merged`);
});

Deno.test("chunks are handed out where all that they have to know is there", () => {
  const begin = beginSearch(openSearch(wide));
  const ledger = openLedger(begin, { rules });
  assertEquals([takeChunk(ledger), takeChunk(ledger)], [0, undefined]);
  assertEquals([ledger.doneUpTo, isDone(ledger), stateOf(ledger)], [0, false, begin]);
});
