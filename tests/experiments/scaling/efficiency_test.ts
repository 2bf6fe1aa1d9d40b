import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareSteps, fallBelow } from "../../../experiments/scaling/efficiency.ts";
import type { ComparedPoint } from "../../../experiments/scaling/efficiency.ts";
import type { ScaledStep } from "../../../experiments/scaling/scaled_step.ts";

const parts = ["mixerSeconds", "expertSeconds", "bubbleSeconds", "dataSeconds"] as const;

const seconds = fc.double({ min: 1e-3, max: 10, noNaN: true });

/** A step of made-up parts, on so many devices, that does as many model FLOP as another. */
const steps = fc.record({
  seconds: fc.tuple(seconds, seconds, seconds, seconds),
  devices: fc.integer({ min: 1, max: 4096 }),
}).map(({ seconds, devices }) => {
  const stepSeconds = seconds.reduce((a, b) => a + b, 0);
  const breakdown = Object.fromEntries(parts.map((part, i) => [part, seconds[i]]));
  const rates = { modelFlopsPerSecondPerDevice: 1e15 / stepSeconds / devices };
  return { devices, step: { stepSeconds, breakdown, rates } as unknown as ScaledStep };
});

Deno.test("what parts add is one over the efficiency, less one", () => {
  fc.assert(
    fc.property(steps, steps, (a, b) => {
      const { efficiencyFraction, added } = compareSteps(a.step, b.step);
      const ideal = b.step.stepSeconds * b.devices / (a.step.stepSeconds * a.devices);
      assertAlmostEquals(efficiencyFraction / ideal, 1, 1e-12);
      const sum = added.reduce((total, { addedFraction }) => total + addedFraction, 0);
      assertAlmostEquals(sum * efficiencyFraction, 1 - efficiencyFraction, 1e-9);
      // A part adds its device-seconds beyond those of the reference, over all of the reference.
      const data = added.find(({ part }) => part === "dataSeconds")!.addedFraction;
      const more = a.step.breakdown.dataSeconds * a.devices -
        b.step.breakdown.dataSeconds * b.devices;
      assertAlmostEquals(data, more / (b.step.stepSeconds * b.devices), 1e-9 * (1 + data));
      const order = added.map(({ addedFraction }) => addedFraction);
      assertEquals(order, [...order].sort((x, y) => y - x));
    }),
    { seed: 1, numRuns: 100 },
  );
});

/** Points of given efficiencies; nothing fits where there is none. */
function pointsOf(efficiencies: readonly (number | undefined)[]): ComparedPoint[] {
  return efficiencies.map((efficiencyFraction, i) => ({
    ...{ x: 2 ** i, label: `${2 ** i}` },
    ...(efficiencyFraction !== undefined && { compared: { efficiencyFraction, added: [] } }),
  } as unknown as ComparedPoint));
}

Deno.test("the fall is the first point below, with the last before it", () => {
  const labels = (efficiencies: readonly (number | undefined)[]) => {
    const { held, below } = fallBelow(pointsOf(efficiencies), 0.8);
    return [held?.label, below?.label];
  };
  assertEquals(labels([undefined, 1, 0.9, 0.7, 0.9]), ["4", "8"]);
  assertEquals(labels([1, 0.9]), ["2", undefined]);
  assertEquals(labels([undefined, undefined]), [undefined, undefined]);
  assert(fallBelow(pointsOf([1, 0.8]), 0.8).below === undefined);
});
