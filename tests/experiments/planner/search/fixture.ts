/** A search of many units that takes a moment, and workers that are played. @module */
import fc from "fast-check";
import type { IncumbentRules } from "../../../../sim/search/incumbents.ts";
import type { SearchCounts } from "../../../../sim/search/counts.ts";
import { openSearch } from "../../../../sim/search/open_search.ts";
import type { SearchProblem } from "../../../../sim/search/problem.ts";
import { chunksKnown } from "../../../../experiments/planner/search/chunks.ts";
import {
  addResult,
  foundIn,
  isDone,
  type Ledger,
  openLedger,
  takeChunk,
} from "../../../../experiments/planner/search/ledger.ts";
import {
  beginProblem,
  type ChunkAnswer,
  searchChunk,
} from "../../../../experiments/planner/search/search_chunk.ts";
import { dense, latent, mixture } from "../../../sim/search/problems.ts";

/** A problem of 461 units, and few plans in each. */
export const wide: SearchProblem = {
  sizes: mixture,
  cluster: "h100:8",
  workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
  globalBatch: 64,
  fix: {
    ...{ precision: "bf16", zero: 1, formats: { dispatch: "bf16", combine: "bf16" } },
    overlap: { gradients: true, parameters: true, tensor: true, pipeline: true },
  },
  choices: {
    ...{ vpp: [1, 2], microBatch: [1, 2], schedule: ["1f1b", "zb-v"] },
    ...{ dispatcher: ["all-to-all"], recompute: ["none", "full"] },
  },
};

/** Problems of some dozens of units each. */
export const smaller: fc.Arbitrary<SearchProblem> = fc.record({
  sizes: fc.constantFrom(dense, mixture, latent),
  cluster: fc.constantFrom("h100:8", "h100:16", "h800:16"),
  globalBatch: fc.constantFrom(32, 48, 64),
  memoryLimit: fc.constantFrom(1, 0.3, 0.08, 0.02),
  objective: fc.constantFrom("time" as const, "memory" as const, "energy" as const),
  recompute: fc.constantFrom("none" as const, "full" as const),
}).map(({ recompute, ...rest }) => ({
  ...wide,
  ...rest,
  fix: { ...wide.fix, cp: 1, etp: 1 },
  choices: { ...wide.choices, recompute: [recompute, ["norm", "activation"]] },
}));

/** What the tests keep. */
export const rules: IncumbentRules = { top: 5, front: true, frontSlack: 0, objective: "time" };

/** All fates of plans together. */
export function sumOf({ rules, enumerated: _all, feasible: _fits, ...fates }: SearchCounts) {
  return [...Object.values(rules), ...Object.values(fates)]
    .reduce((sum, plans) => sum + BigInt(plans), 0n);
}

/**
 * Searches as workers do, one chunk at a time: `choose` says which of the workers that are searching
 * answers next, of so many. Stops after some answers; those that are on their way are lost.
 */
export function playWorkers(
  problem: SearchProblem,
  of: {
    rules: IncumbentRules;
    workers: number;
    choose: (busy: number) => number;
    ledger?: Ledger;
    answers?: number;
  },
): Ledger {
  const workers = Array.from(
    { length: of.workers },
    () => beginProblem(openSearch(problem), of.rules),
  );
  const ledger = of.ledger ?? openLedger(workers[0].begin, { rules: of.rules });
  const told = workers.map(() => 0);
  const idle = new Set(workers.keys());
  const onTheirWay: { worker: number; answer: ChunkAnswer }[] = [];
  for (let answers = 0; !isDone(ledger) && answers < (of.answers ?? Infinity); answers++) {
    for (const worker of idle) {
      const index = takeChunk(ledger);
      if (index === undefined) break;
      const known = chunksKnown(index);
      const found = structuredClone(foundIn(ledger, told[worker], known));
      told[worker] = known;
      const answer = searchChunk(workers[worker], { index, chunk: ledger.chunks[index], found });
      onTheirWay.push({ worker, answer: structuredClone(answer) });
      idle.delete(worker);
    }
    const [{ worker, answer }] = onTheirWay.splice(of.choose(onTheirWay.length), 1);
    addResult(ledger, answer.index, answer.result);
    idle.add(worker);
  }
  return ledger;
}
