import { assert, assertEquals, assertThrows } from "@std/assert";
import { answerOf, keptFor } from "../../../experiments/planner/answer.ts";
import type { Planning } from "../../../experiments/planner/planning.ts";
import { runSearches, type SearchesOptions } from "../../../experiments/planner/run_searches.ts";
import { searchTasks } from "../../../experiments/planner/search_tasks.ts";
import { showPlans } from "../../../experiments/planner/show_plans.ts";
import { launcherNames } from "../../../sim/launch/types.ts";
import { smallPlanning } from "./questions.ts";

const top = 3;
const beside = { top, frontSlack: 0, fewerDevices: false };
const ways: SearchesOptions = {
  ...{ keep: keptFor(top), frontSlack: 0, resume: false },
  ...{ signal: new AbortController().signal, seconds: () => 0 },
};

/** The answer to a question, searched as it is said. */
async function answered(planning: Planning, options: Partial<SearchesOptions> = {}) {
  const tasks = searchTasks(planning, { fewer: false });
  const runs = await runSearches(tasks, { ...ways, ...options });
  return { runs, ...await answerOf(runs, { planning, beside, explain: [], compare: [] }) };
}

Deno.test("a search that is stopped gives the best so far, and says that it is", async () => {
  const planning = await smallPlanning({ fix: "cp=1,tp=1,dispatcher=deepep" });
  const whole = await answered(planning);
  let now = 0;
  // Every look at the clock is a second; the same looks, the same answer.
  const part = await answered(planning, { seconds: () => now++, budgetSeconds: 8 });
  assertEquals([whole.record.complete, part.record.complete], [true, false]);
  assert(BigInt(part.record.counts.left) > 0n && whole.record.counts.left === "0");
  assertEquals(part.record.counts.enumerated, whole.record.counts.enumerated);
  assert(part.record.best[0].closedSeconds >= whole.record.best[0].closedSeconds);
  const [stopped, front] = part.record.warnings;
  assert(
    /^the search was stopped with \d[\d.]* × 10\S+ plans left: these are the best so far$/
      .test(stopped),
    stopped,
  );
  assertEquals(
    front,
    "the front was not searched to its end: some of its plans may be beaten by others",
  );
  assert(showPlans(part.record, { seconds: 1 }).startsWith("The fastest plan so far for tiny"));
});

Deno.test("the best of the record is the best of the search, by events", async () => {
  const { runs, record, best } = await answered(await smallPlanning());
  const [run] = runs;
  const fastest = Math.min(...run.best.map(({ stepSeconds }) => stepSeconds));
  assertEquals(Math.min(...record.best.map(({ closedSeconds }) => closedSeconds)), fastest);
  assertEquals(record.front[0].closedSeconds, fastest);
  assertEquals(best.line, record.best[0]);
  assertEquals(record.best[0].eventSeconds, record.winner.events?.stepSeconds);
  const shares = record.best[0].parts.map(({ shareFraction }) => shareFraction);
  assert(shares.every((share, i) => i === 0 || share <= shares[i - 1]) && shares[0] < 1);
});

Deno.test("what follows from time is searched by time, on fewer devices too", async () => {
  const planning = await smallPlanning({ cluster: "h100:32", objective: "cost" });
  const tasks = searchTasks(planning, { fewer: true });
  assertEquals(tasks.map(({ name }) => name), ["32", "16", "8"]);
  assert(
    tasks.every(({ problem, planning }) =>
      problem.objective === "time" && planning.objective === "cost" &&
      problem.cluster === planning.cluster
    ),
  );
  const [memory] = searchTasks({ ...planning, objective: "memory" }, { fewer: false });
  assertEquals(memory.problem.objective, "memory");
});

Deno.test("for a launcher, plans are searched that it can be told", async () => {
  const planning = await smallPlanning({ fix: "cp=1,tp=1,etp=1,precision=bf16,schedule=1f1b" });
  for (const launcher of launcherNames) {
    const tasks = searchTasks(planning, { fewer: false, launcher });
    assert(tasks.length > 0 && tasks.every(({ problem }) => problem.choices !== undefined));
    assertEquals(new Set(tasks.map(({ name }) => name)).size, tasks.length);
  }
  const held = await smallPlanning({ fix: "schedule=zb-v" });
  assertThrows(
    () => searchTasks(held, { fewer: false, launcher: "megatron-lm" }),
    TypeError,
    "Megatron-LM has no schedule zb-v",
  );
});

Deno.test("where nothing fits, what the smallest plan lacks is told", async () => {
  const planning = await smallPlanning({ limit: "memory=1GiB" });
  const { memoryLimit } = planning;
  assertEquals(memoryLimit, 2 ** 30);
  const error = await answered(planning).then(() => undefined, (error: Error) => error);
  assert(error?.name === "UserError");
  assert(
    /nothing fits into 1\s?GiB; the smallest plan(?: found)? takes 1\.\d+\s?GiB/.test(
      error.message,
    ),
  );
  assert(!error.message.includes("no device holds it"));
});
