/**
 * `plan`: the best plans of a model on a cluster, how sure that is, and what was looked at.
 *
 * @module
 */
import { join } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { UserError } from "../kernels/base/errors.ts";
import { launcherNames } from "../sim/launch/types.ts";
import { type SearchObjective, searchObjectives } from "../sim/search/problem.ts";
import type { Graphs } from "../sim/stack/stack.ts";
import type { Cli } from "./cli_command.ts";
import { collect, nonNegative, positiveNumber, wholeNumber } from "./cli_command.ts";
import { placementHelp } from "./placement/read_placement.ts";
import { answerOf, keptFor } from "./planner/answer.ts";
import { checkOut } from "./planner/check_out.ts";
import { commandOf } from "./planner/plan_command.ts";
import { checkLaunch, checkRecord, showCheck } from "./planner/launch/mod.ts";
import { readCheck } from "./planner/read_check.ts";
import { pageOf } from "./planner/answer_page.ts";
import {
  besideOf,
  checkPrice,
  type PlanOptions,
  usualSequence,
  wordsOf,
} from "./planner/plan_options.ts";
import { planHost } from "./planner/plan_host.ts";
import { checkNamed } from "./planner/plan_reasons.ts";
import { formatRecord } from "./planner/plan_record.ts";
import { readPlanning } from "./planner/read_planning.ts";
import { type RunSearch, runSearches } from "./planner/run_searches.ts";
import { searchTold } from "./planner/search_told.ts";
import { type SearchTask, searchTasks } from "./planner/search_tasks.ts";
import { showPlans } from "./planner/show_plans.ts";
import { writePlans } from "./planner/write_plans.ts";
import { Interrupted } from "./run.ts";

/** Seconds of a search without a budget after which it is said how to end one. */
const PATIENCE = 30;

/** How to end a long search without losing it. */
function longSearch(out: string | undefined): string {
  const kept = out === undefined
    ? "--out FOLDER keeps what was searched for --resume"
    : `Ctrl-C keeps in ${out} what was searched, and --resume goes on`;
  return `This may take long: --budget 60 gives the best after a minute; ${kept}`;
}

/** Runs the searches, as far as Ctrl-C lets them. */
async function search(
  cli: Cli,
  tasks: readonly SearchTask[],
  options: PlanOptions,
): Promise<RunSearch[]> {
  const { io } = cli;
  const { out, top, frontSlack, workers, budget: budgetSeconds, resume = false } = options;
  const stopped = new Interrupted(
    out === undefined
      ? "Stopped: nothing is kept; with --out FOLDER a search is, and --resume goes on with it"
      : `Stopped: the same command with --resume goes on with what is kept in ${out}`,
  );
  const controller = new AbortController();
  const release = io.onInterrupt(() => controller.abort(stopped));
  const bar = io.progress();
  const told = searchTold(bar);
  const began = io.seconds();
  let patient = budgetSeconds === undefined;
  const progress: typeof told = (what, now) => {
    if (patient && io.seconds() - began > PATIENCE) {
      patient = false;
      io.say(longSearch(out));
    }
    told(what, now);
  };
  try {
    const runs = await runSearches(tasks, {
      ...{ keep: keptFor(top), frontSlack, workers, budgetSeconds, resume },
      ...{ seconds: io.seconds, signal: controller.signal, progress },
      saveIn: out && join(out, "search"),
    });
    controller.signal.throwIfAborted();
    return runs;
  } finally {
    bar.stop();
    release();
  }
}

/** Checks a configuration; one that would not run ends with exit code 1. */
async function check(cli: Cli, path: string, options: PlanOptions): Promise<void> {
  const checked = checkLaunch(await readCheck(path, options));
  cli.io.print(options.json ? JSON.stringify(checkRecord(checked), null, 2) : showCheck(checked));
  if (!checked.fits || checked.refused !== undefined) cli.exit(1);
}

/** Answers a question. */
async function plan(cli: Cli, options: PlanOptions): Promise<void> {
  const { io } = cli;
  const { hourDollars, out, resume, explain, compare, launcher } = options;
  if (resume && out === undefined) {
    throw new UserError("Cannot resume without --out: wanted the folder of the search");
  }
  const words = wordsOf(options);
  const planning = await readPlanning(words);
  checkPrice(planning, hourDollars);
  if (out !== undefined) await checkOut(out);
  await checkNamed(explain, compare);
  const beside = besideOf(options);
  const [began, startedAt] = [io.seconds(), io.now().toISOString()];
  const tasks = searchTasks(planning, { fewer: beside.fewerDevices, launcher });
  const runs = await search(cli, tasks, options);
  const seconds = io.seconds() - began;
  const answer = await answerOf(runs, { planning, beside, explain, compare });
  const { record, launched } = answer;
  const said = options.json ? formatRecord(record).trimEnd() : showPlans(record, { seconds });
  if (out === undefined) return io.print(said);
  const { written, aside } = await writePlans(out, {
    ...{ page: pageOf(answer), launched },
    run: {
      ...{ planning, startedAt, host: await planHost(), seed: options.seed },
      ...{ wallSeconds: io.seconds() - began, command: commandOf(words, beside) },
    },
  });
  if (aside !== undefined) io.say(`Replaces an older answer, kept in ${aside}`);
  io.print(said);
  if (!options.json) io.print(`\n${written.join("\n")}`);
}

/** Adds `plan` to the command line. */
export function addPlan(cli: Cli): void {
  cli.program.command("plan")
    .description("find the best plans of a model on a cluster")
    .option("--model <model>", "a preset (see describe list) or the path of a JSON file")
    .option("--cluster <cluster>", 'such as "h100:64,nic=200Gb/s", or the path of a JSON file')
    .option("--global-batch <sequences>", "sequences of a step", positiveNumber)
    .option(
      "--sequence <tokens>",
      `tokens of a sequence (default: ${usualSequence})`,
      positiveNumber,
    )
    .addOption(
      new Option("--objective <what>", "what is best")
        .choices(searchObjectives).default("time" as SearchObjective),
    )
    .option("--top <n>", "plans to show", positiveNumber, 5)
    .option("--fix <plan>", 'what is held, such as "tp=2,precision=bf16", or a JSON file', "")
    .option("--limit <memory>", "memory that a plan may take: a share or an amount", "memory=100%")
    .option("--stack <stack>", "software stack: an id or a JSON file", "base")
    .addOption(
      new Option("--graphs <how>", "kernels issued by graphs")
        .choices(["none", "partial", "full"] as const).default("none" as Graphs),
    )
    .option("--routing <law>", "balanced, skew:EXPONENT, or a JSON file with counts", "balanced")
    .option("--placement <how>", placementHelp)
    .option("--redundant <experts>", "further replicas of hot experts in a layer", wholeNumber)
    .option(
      "--mtp <modules>",
      "modules that predict further tokens (default: the model's)",
      wholeNumber,
    )
    .option("--seed <n>", "seed of skewed routing", wholeNumber, 1)
    .option("--hour-dollars <price>", "dollars of a device's hour", nonNegative)
    .addOption(
      new Option("--devices <which>", "whether a plan may leave devices idle")
        .choices(["all", "fewer"] as const),
    )
    .option("--budget <seconds>", "seconds to search at most", nonNegative)
    .option("--front-slack <share>", "how far the front may be passed by", nonNegative, 0.01)
    .addOption(new Option("--launcher <name>", "who has to run the plan").choices(launcherNames))
    .option("--workers <n>", "workers of a large search (default: one a core)", positiveNumber)
    .addOption(
      new Option("--explain <plan>", "a plan to explain, or to find the faults of; repeatable")
        .argParser(collect).default([] as readonly string[], "none"),
    )
    .option("--compare <plans...>", "a plan to compare with the best, or two plans", [] as string[])
    .option("--check <file>", "say what a launcher's configuration or a plan comes to, and end")
    .option("--out <folder>", "where to write the record, its page and files for launchers")
    .option("--resume", "go on with the searches that are kept in --out")
    .option("--json", "print it as JSON")
    .action((options) =>
      options.check === undefined ? plan(cli, options) : check(cli, options.check, options)
    );
}
