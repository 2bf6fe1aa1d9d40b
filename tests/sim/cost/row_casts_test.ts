import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import type { LayerPhase } from "../../../sim/cost/phases.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import { dispatchers, type Plan } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { deepseekV3, planWith, workload } from "./examples.ts";

const machines = {
  bf16: machineOf("h100:16", "bf16").machine(baseStack),
  fp8: machineOf("h100:16", "fp8").machine(baseStack),
};
const sizes = {
  ...deepseekV3,
  ...{ layers: 4, mtpLayers: 0, dModel: 2048 },
  moe: { ...deepseekV3.moe!, firstDense: 0, experts: 16, topK: 2, sharedWidth: 0 },
};

const planOf = (changes: Partial<Plan>) =>
  planWith({ dp: 16, ep: 16, globalBatch: 64, ...changes });

function layerOf(changes: Partial<Plan>, precision: "bf16" | "fp8" = "bf16") {
  const plan = planOf({ ...changes, precision });
  return stepCosts({ sizes, plan, workload, machine: machines[precision] }).stages[0][0].layers[1];
}

const slots = ["routeSeconds", "expertSeconds", "mergeSeconds"] as const;

/** What formats of rows add to a phase, in bytes of a cast kernel for each of its slots. */
function addedBytes(changes: Partial<Plan>, phase: "forward" | "backwardInput"): number[] {
  const narrow = layerOf(changes)[phase];
  const wide = layerOf({ ...changes, formats: {} })[phase];
  const { castSecondsPerByte } = machines.bf16.device;
  return slots.map((slot) => Math.round((narrow[slot] - wide[slot]) / castSecondsPerByte));
}

// 4096 tokens of a rank, each with two of the experts: read in two bytes and written in one, or back.
const tokens = 4096 * 2048 * 3;
const rows = 2 * tokens;

Deno.test("rows in 8 bits are cast once a token and brought back row by row where they arrive", () => {
  const formats = { dispatch: "fp8" } as const;
  assertEquals(addedBytes({ formats }, "forward"), [tokens, rows, 0]);
  assertEquals(addedBytes({ formats }, "backwardInput"), [0, 0, 0]);
  // Experts that are computed again get their rows again.
  const again = { formats, recompute: ["experts" as const] };
  assertEquals(addedBytes(again, "backwardInput"), [tokens, rows, 0]);
});

Deno.test("results and gradients in 8 bits are cast on both their ways", () => {
  const formats = { combine: "fp8" } as const;
  assertEquals(addedBytes({ formats }, "forward"), [0, rows, rows]);
  assertEquals(addedBytes({ formats }, "backwardInput"), [rows, 2 * rows, tokens]);
});

Deno.test("ranks that split an expert gather rows in 16 bits; whole groups of tokens in theirs", () => {
  const formats = { dispatch: "fp8" } as const;
  const split = { formats, ep: 8, etp: 2 };
  assertEquals(addedBytes(split, "forward"), [tokens, rows, 0]);
  const gathered = { ...split, dispatcher: "all-gather" } as const;
  assertEquals(addedBytes(gathered, "forward"), [tokens, 2 * rows, 0]);
});

Deno.test("rows that do not travel, or travel as the products read them, take nothing more", () => {
  const same = (a: LayerPhase, b: LayerPhase) =>
    slots.forEach((slot) => assertEquals(a[slot], b[slot]));
  for (const dispatcher of dispatchers) {
    const alone = { ep: 1, dispatcher };
    same(layerOf({ ...alone, formats: { dispatch: "fp8" } }).forward, layerOf(alone).forward);
    const travels = { dispatcher };
    same(
      layerOf({ ...travels, formats: { dispatch: "fp8" } }, "fp8").forward,
      layerOf(travels, "fp8").forward,
    );
  }
});

Deno.test("events pay for casts as the closed form does", () => {
  const formats = { dispatch: "fp8", combine: "fp8" } as const;
  for (const experts of ["none", "batches"] as const) {
    const overlap = { ...planOf({}).overlap, experts };
    const plan = planOf({ dp: 8, pp: 2, ep: 8, formats, overlap });
    const seconds = (castPasses: number) => {
      const machine = machineOf("h100:16", "bf16").machine({ ...baseStack, castPasses });
      const input = { sizes, plan, workload, machine };
      const closed = closedForm(stepCosts(input), plan, machine).stepSeconds;
      return { closed, events: simulateStep(input, { contention: false }).stepSeconds };
    };
    const [none, ten] = [seconds(0), seconds(10)];
    const added = ten.closed - none.closed;
    assert(added > 0.02 * none.closed, experts);
    assertAlmostEquals((ten.events - none.events) / added, 1, 0.02, experts);
  }
});
