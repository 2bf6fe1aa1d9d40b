import { assertEquals, assertRejects } from "@std/assert";
import { writeTextFile } from "../../../../kernels/base/files.ts";
import { isDone, type Ledger, stateOf } from "../../../../experiments/planner/search/ledger.ts";
import { readLedger } from "../../../../experiments/planner/search/read_ledger.ts";
import {
  problemId,
  savedOf,
  type SavedSearch,
} from "../../../../experiments/planner/search/saved_search.ts";
import { searchSite } from "../../../../sim/search/problem.ts";
import { playWorkers, rules, wide } from "./fixture.ts";

const path = ".moelab/test/search/saved.json";
const site = searchSite(wide);
const id = await problemId(wide, rules);
const ledger = playWorkers(wide, { rules, workers: 3, choose: () => 0, answers: 40 });

/** Reads a saved search that was changed on the disk. */
async function reading(change: (saved: SavedSearch) => unknown): Promise<Ledger> {
  const saved = structuredClone(savedOf(ledger, id));
  const text = change(saved);
  await writeTextFile(path, typeof text === "string" ? text : JSON.stringify(saved));
  const { ledger: read, check } = await readLedger(path, { id, site, rules });
  check(ledger.begin);
  return read;
}

const refuses = (change: (saved: SavedSearch) => unknown, says: string) =>
  assertRejects(() => reading(change), TypeError, says);

Deno.test("a saved search is read as it was", async () => {
  const read = await reading(() => {});
  assertEquals([stateOf(read), isDone(read)], [stateOf(ledger), false]);
  assertEquals([read.unitsDone, read.tally], [ledger.unitsDone, ledger.tally]);
});

Deno.test("the name of a problem is of all that is asked, and of what is kept", async () => {
  const names = await Promise.all([
    problemId({ ...wide }, { ...rules }),
    problemId({ ...wide, globalBatch: 32 }, rules),
    problemId({ ...wide, fix: { ...wide.fix, zero: 2 } }, rules),
    problemId(wide, { ...rules, top: 6 }),
    problemId(wide, { ...rules, frontSlack: 0.01 }),
  ]);
  assertEquals([names[0], new Set(names).size], [id, 5]);
});

Deno.test("a search of another problem or a damaged one is refused", async () => {
  const where = `Cannot go on with the search in ${path}: `;
  await refuses((saved) => (saved.problem = "abc", undefined), `${where}it is of problem abc`);
  await refuses(() => "{ not", `Cannot read ${path}: it is not JSON`);
  await refuses(() => '{"schema":2}', "at /schema expected one of");
  await refuses((saved) => {
    saved.chunks[0].counts.time = "7";
  }, `${where}the file is damaged, its counts come to`);
  await refuses((saved) => {
    saved.chunks.push(saved.chunks[0]);
  }, "it has a chunk twice");
  await refuses((saved) => {
    saved.chunks[0].index = 1e6;
  }, "it has chunks that 461 units do not have");
  await refuses((saved) => {
    saved.found[0].stepSeconds *= 0.9;
  }, "s costs something else now");
  await refuses((saved) => {
    saved.found[0].plan.ep = 3;
  }, "s costs something else now");
  await refuses((saved) => {
    const { begin } = saved;
    begin.time = String(BigInt(begin.time) + 5n);
    begin.left = String(BigInt(begin.left) - 5n);
  }, "it begins with 461 units and the search with 461");
  await assertRejects(
    () => readLedger(".moelab/test/search/none.json", { id, site, rules }),
    TypeError,
    "there is no such file",
  );
});
