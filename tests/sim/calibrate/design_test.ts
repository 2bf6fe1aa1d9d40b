import { assertEquals } from "@std/assert";
import { tellingRows } from "../../../sim/calibrate/design.ts";
import type { PredictedStep } from "../../../sim/calibrate/slots.ts";
import { baseStack } from "../../../sim/stack/base.ts";

const layout = {
  start: { a: baseStack },
  shared: ["elementwisePasses", "hostSeconds", "lossPasses"],
  byStack: [],
  byArchitecture: [],
} as const;

const row = (id: string, predict: PredictedStep["predict"]): PredictedStep => ({
  id,
  stack: "a",
  architecture: "hopper",
  predict,
});

Deno.test("runs are chosen that say different things", () => {
  const rows = [
    row("nothing", () => 1),
    row("passes", ({ elementwisePasses }) => elementwisePasses),
    row("passes again", ({ elementwisePasses }) => 3 * elementwisePasses),
    row("loss a little", ({ lossPasses }) => 100 + lossPasses),
    row("loss", ({ lossPasses }) => lossPasses),
  ];
  const chosen = tellingRows(rows, layout, { few: 3 }).map(({ id }) => id);
  assertEquals(chosen, ["passes", "loss", "passes again"]);
});

Deno.test("a host that is fast enough at first is found by the slower start", () => {
  const rows = [
    row("device", ({ elementwisePasses }) => Math.cbrt(elementwisePasses)),
    row("host", ({ hostSeconds }) => Math.max(1, hostSeconds / (2 * baseStack.hostSeconds))),
  ];
  assertEquals(tellingRows(rows, layout, { few: 1 })[0].id, "host");
});
