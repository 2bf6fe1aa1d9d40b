import { assert, assertEquals, assertRejects } from "@std/assert";
import { checkOut } from "../../../experiments/planner/check_out.ts";
import { launchSentences } from "../../../experiments/planner/launch_words.ts";
import { planLabels } from "../../../experiments/planner/plan_labels.ts";
import type { LaunchLine, PlanRecord } from "../../../experiments/planner/plan_record.ts";
import { planWarnings } from "../../../experiments/planner/plan_warnings.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { filesIn, inFolder } from "../world.ts";
import { planning, record } from "./page/page_fixture.ts";

Deno.test("a plan that looks like an earlier one says what sets it apart", () => {
  assertEquals(
    planLabels([
      "tp=1,cp=1,pp=2,ep=8,dispatcher=deepep",
      "tp=2,cp=2,pp=2,ep=8,dispatcher=deepep",
      "tp=1,cp=1,pp=2,ep=8,dispatcher=all-to-all,dispatch=fp8",
      "tp=1,cp=1,pp=2,ep=8",
    ]),
    [
      "tp=1 pp=2 ep=8",
      "tp=2 cp=2 pp=2 ep=8",
      "as 1, dispatcher=all-to-all dispatch=fp8",
      "as 1, without dispatcher",
    ],
  );
});

const line = (changes: Partial<LaunchLine>): LaunchLine => ({
  ...{ launcher: "deepspeed", version: "DeepSpeed 0", path: "deepspeed.json" },
  ...changes,
});

const instead = {
  ...{ plan: "tp=1", changes: [], closedSeconds: 1.5, slowdownFraction: 0.25 },
  ...{ peakBytes: 1, fits: true },
};

const refused = "it has no schedule zb-v; nearest it has: 1f1b; it wants zero 2; it has no fp4; " +
  "nearest it has: bf16";

const said = (launchers: LaunchLine[], launcher?: LaunchLine["launcher"]) => {
  const asked = { ...record.asked, ...(launcher && { launcher }) };
  return launchSentences({ ...record, launchers, asked })
    .map((text) => text.replaceAll(/[\u00a0\u202f]/g, " "));
};

Deno.test("who can run a plan is said with what it lacks, and how to ask for its own best", () => {
  const nearest = "deepspeed: the nearest that it can be told, 1.500 s, +25.0 %";
  const why = "no schedule zb-v, wants zero 2 and 1 more";
  const hint = "--launcher deepspeed searches what that one can be told, which may beat the " +
    "nearest";
  assertEquals(said([line({})]), ["deepspeed: this plan (deepspeed.json)"]);
  assertEquals(said([line({ refused, instead })]), [`${nearest} (deepspeed.json): ${why}`, hint]);
  assertEquals(said([line({ refused, instead })], "deepspeed"), [
    `${nearest} (deepspeed.json): ${why}`,
  ]);
  const [big] = said([line({ refused, instead: { ...instead, fits: false } })]);
  assertEquals(big, `${nearest}, which does not fit (deepspeed.json): ${why}`);
  // What no plan mends a search would not either.
  assertEquals(said([line({ refused, path: undefined })]), [`deepspeed: no plan like it: ${why}`]);
});

/** Warnings of the best plan in words, with so much memory left. */
function warningsOf(words: string, changes: Partial<PlanRecord["asked"]> = {}, room = 0.5) {
  const { sizes, workload } = planning;
  const plan = completePlan(parsePlan(`${words},gb=16`), { devices: 16, sizes, workload });
  const { limitBytes } = record.asked;
  const best = [{ ...record.best[0], peakBytes: limitBytes * (1 - room) }];
  const asked = { ...record.asked, fix: {}, top: 1, ...changes };
  return planWarnings({ ...record, best, asked }, { slow: false, plan });
}

Deno.test("narrow formats that nobody asked for are said", () => {
  const [both, ...others] = warningsOf("precision=fp8,dispatch=fp8");
  assertEquals(others, []);
  assert(both.startsWith("the best plan multiplies in fp8 and sends rows to experts in fp8"));
  assert(both.includes("--fix precision=bf16,dispatch=bf16 keeps to 16 bits"));
  assertEquals(warningsOf("precision=bf16,dispatch=bf16"), []);
  const fix = { precision: "fp8", formats: { dispatch: "fp8" } } as const;
  assertEquals(warningsOf("precision=fp8,dispatch=fp8", { fix }), []);
});

Deno.test("a plan without room is said", () => {
  const [tight, ...others] = warningsOf("precision=bf16", {}, 0.01);
  assertEquals(others, []);
  assert(/^the best plan leaves \d+ MiB of the memory .*--limit memory=90% /.test(tight), tight);
});

Deno.test("a place that nothing can be written to is found before a search, and left as it is", () =>
  inFolder(async (folder) => {
    await checkOut(`${folder}/deep/below`);
    Deno.writeTextFileSync(`${folder}/file`, "");
    for (const path of [`${folder}/file`, `${folder}/file/below`]) {
      await assertRejects(() => checkOut(path), TypeError, `${folder}/file is a file, wanted a`);
    }
    assertEquals(filesIn(folder), ["file"]);
  }));
