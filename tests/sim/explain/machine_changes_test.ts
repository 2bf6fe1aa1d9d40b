import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { changedMachine, machineInputs } from "../../../sim/explain/machine_changes.ts";
import { betterFactor, changedProblem, changedSite } from "../../../sim/explain/site_changes.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { planTime } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { stackById } from "../../../sim/stack/stacks.ts";
import { few } from "./questions.ts";

const machine = machineOf("h100:16", "bf16").machine(stackById("megatron-bridge-26.04"));

Deno.test("a change there and back is none, and the machine itself stays", () => {
  const text = JSON.stringify(machine);
  for (const input of machineInputs) {
    const there = changedMachine(machine, { input, factor: 4 });
    assert(JSON.stringify(there) !== text, input);
    assertEquals(JSON.stringify(changedMachine(there, { input, factor: 0.25 })), text, input);
  }
  assertEquals(JSON.stringify(machine), text);
});

Deno.test("better inputs make no step longer, and some make it shorter", () => {
  const site = searchSite({ ...few, stack: machine.stack });
  const plan = completePlan(parsePlan("tp=2,ep=16,gb=64"), site);
  const now = planTime(plan, site).stepSeconds;
  for (const input of machineInputs) {
    const factor = betterFactor(input, 0.5);
    const { stepSeconds } = planTime(plan, changedSite(site, { input, factor }));
    assert(stepSeconds <= now * (1 + 1e-12), input);
    if (input !== "host" && input !== "gaps") assert(stepSeconds < now, input);
  }
});

Deno.test("a changed question is priced as the changed site", () => {
  const site = searchSite(few);
  const plan = completePlan(parsePlan("tp=2,ep=16,gb=64"), site);
  for (const input of ["network-bandwidth", "node-bandwidth"] as const) {
    const change = { input, factor: 0.3 };
    const asked = searchSite(changedProblem(few, change)!);
    const [one, other] = [asked, changedSite(site, change)].map((on) =>
      planTime(plan, on).stepSeconds
    );
    assertAlmostEquals(one / other, 1, 1e-12);
    assert(one > planTime(plan, site).stepSeconds);
  }
  const more = { input: "memory", factor: 1.5 } as const;
  assertEquals(searchSite(changedProblem(few, more)!).limitBytes, site.limitBytes * 1.5);
  assertEquals(changedSite(site, more).limitBytes, site.limitBytes * 1.5);
  assertEquals(changedProblem(few, { input: "flops", factor: 2 }), undefined);
});
