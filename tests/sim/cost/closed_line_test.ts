/** Lines of items on one rank, followed on paper. @module */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { emptyLine, layOne, layPair, runLine } from "../../../sim/cost/closed_line.ts";
import { emptyScript, operationScript, type Script } from "../../../sim/cost/closed_script.ts";
import { emptyLayer } from "../../../sim/cost/layer_parts.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import type { LayerCost } from "../../../sim/cost/phases.ts";
import type { Overlap } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { planWith } from "./examples.ts";

const overlapped: Overlap = {
  ...{ gradients: true, parameters: true, tensor: false, pipeline: true, experts: "batches" },
};

function siteOf(hidden: number, overlap: Partial<Overlap> = {}, zero: 0 | 3 = 0) {
  const hiddenShare = { tensor: hidden, gradients: hidden, parameters: hidden, experts: hidden };
  // A host that takes no time.
  const stack = { ...baseStack, hiddenShare, hostSeconds: 0, gapSeconds: 0 };
  const machine = machineOf("h100:8", "bf16").machine(stack);
  return { plan: planWith({ zero, overlap: { ...overlapped, ...overlap } }), machine };
}

/** Items as [kernels, tokens that leave behind them, whether they wait for tokens]. */
function scriptOf(items: [seconds: number, tokens?: number, waits?: boolean][]): Script {
  const script = emptyScript();
  for (const [seconds, tokens = 0, waits = false] of items) {
    script.seconds.push(seconds);
    script.tokens.push(tokens);
    script.waits.push(waits ? 1 : 0);
    script.gather.push(0);
    script.scatter.push(0);
  }
  return script;
}

const layer = (changes: (cost: LayerCost) => void): LayerCost => {
  const cost = emptyLayer("moe");
  changes(cost);
  return cost;
};

Deno.test("alone, an operation waits for all of its tokens", () => {
  const line = emptyLine();
  layOne(line, scriptOf([[1, 4], [2, 3, true], [1, 0, true]]));
  assertEquals(runLine(line, siteOf(0.5)).kernels, 1 + 4 + 2 + 3 + 1);
});

Deno.test("of a pair, one computes while tokens of the other travel", () => {
  const pair = scriptOf([[1, 2], [3, 2, true], [1, 0, true]]);
  const line = emptyLine();
  layPair(line, pair, pair);
  // Exchanges take their turns: out at 1 and 3, back at 6 and 9, the last until 11.
  const { kernels, start, end } = runLine(line, siteOf(1));
  assertEquals([kernels, ...start, ...end], [12, 0, 1, 10, 12]);
  // Half of each exchange stands still, but for the second of a turn that is waited for.
  const half = runLine(line, siteOf(0.5));
  assertEquals(half.kernels, 1 + 1 + 1 + 1 + 3 + 1 + 3 + 1 + 1 + 1);
  // What is waited for covers the blocking send of the first operation, not that of the second.
  assertEquals(runLine(line, siteOf(1), { sends: [0.25, 0.5] }).end[1], 12.5);
});

Deno.test("gradients of weights go behind the next item that sends tokens off", () => {
  const cost = layer(({ backwardInput: b, backwardWeight: w }) => {
    b.mergeSeconds = 1;
    b.expertSeconds = 2;
    b.mixerSeconds = 3;
    w.expertSeconds = 4;
    w.mixerSeconds = 5;
  });
  cost.forward.dispatchSeconds = cost.backwardInput.dispatchSeconds = 6;
  cost.backwardInput.combineSeconds = 7;
  const site = siteOf(1);
  const { seconds, tokens, waits } = operationScript([cost, cost], "BW", site);
  assertEquals(seconds, [1, 2, 4, 3, 1, 5, 2, 4, 3, 5]);
  assertEquals(tokens, [6, 7, 0, 0, 6, 0, 7, 0, 0, 0]);
  assertEquals(waits, [0, 1, 0, 1, 0, 0, 1, 0, 1, 0]);
  const line = emptyLine();
  layOne(line, operationScript([cost, cost], "BW", site));
  // The second dispatch is beside 5 seconds of weights, both ways back beside 4.
  assertEquals(runLine(line, site).kernels, 30 + 6 + 3 + 1 + 3);
  // Elsewhere they are part of the items that they belong to.
  const plain = operationScript([cost], "BW", siteOf(1, { experts: "none" }));
  assertEquals(plain.seconds, [1, 6, 8]);
});

Deno.test("parameters come a layer ahead, gradients go behind", () => {
  const cost = layer(({ forward, backwardInput, backwardWeight }) => {
    forward.mixerSeconds = 4;
    backwardInput.mixerSeconds = 4;
    backwardWeight.mixerSeconds = 4;
    forward.gatherSeconds = backwardInput.gatherSeconds = 3;
    backwardWeight.scatterSeconds = 2;
  });
  const seconds = (hidden: number, overlap: Partial<Overlap> = {}) => {
    const site = siteOf(hidden, { experts: "none", ...overlap }, 3);
    const line = emptyLine();
    layOne(line, operationScript([cost, cost], "F", site));
    layOne(line, operationScript([cost, cost], "BW", site));
    return runLine(line, site).seconds;
  };
  // The first gather and the last scatter show.
  assertEquals(seconds(1), 3 + 24 + 2);
  // Two gathers and a scatter stop kernels for half of them; the other gather is beside the first.
  assertAlmostEquals(seconds(0.5), 3 + 24 + 2 + 2 * 1.5 + 1);
  assertEquals(seconds(1, { parameters: false, gradients: false }), 24 + 4 * 3 + 2 * 2);
});
