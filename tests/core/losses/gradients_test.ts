import { assert, assertEquals } from "@std/assert";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { balanceDefaults } from "./default_specs.ts";
import type { BalanceKind } from "../../../core/losses/run.ts";
import { everyInputs, everyLoss, everyShape, number } from "./routed.ts";

const { tokens, experts } = everyShape;
const seeded = hostArrays({ seed: 3 });
const inputs = {
  logits: seeded.noise("logits", "normal", everyInputs.logits),
  representations: seeded.noise("representations", "normal", everyInputs.representations),
};

/** The gradient of a kind's loss by logits and by what represents experts. */
function gradientOf(kind: BalanceKind) {
  return surrogateGradient(
    (g, given) => {
      const { losses } = everyLoss(g, given, { kind });
      return losses.reduce((sum, { value }) => g.map("add", sum, value), number(0));
    },
    inputs,
    { seed: 1 },
  );
}

for (const kind of Object.keys(balanceDefaults) as BalanceKind[]) {
  Deno.test(`${kind}: the gradient is finite, and there where the loss is to pull`, () => {
    const { value, gradients } = gradientOf(kind);
    const all = [...gradients.logits, ...gradients.representations];
    assert(Number.isFinite(value) && all.every(Number.isFinite));
    const pulls = (of: Float64Array) => of.some((v) => Math.abs(v) > 1e-7);
    const byRepresentations = kind === "diversity" || kind === "simplicity";
    assertEquals(pulls(gradients.representations), byRepresentations);
    assertEquals(pulls(gradients.logits), !byRepresentations && kind !== "bias");
  });
}

Deno.test("losses of scores pull logits up as much as down", () => {
  const ofScores = ["balance", "sequence-wise", "mutual-information", "gates", "adaptive"] as const;
  for (const kind of ofScores) {
    const { gradients: { logits } } = gradientOf(kind);
    for (let t = 0; t < tokens; t++) {
      const sum = logits.subarray(t * experts, (t + 1) * experts).reduce((a, b) => a + b, 0);
      assert(Math.abs(sum) < 1e-8, `${kind}: token ${t} is pulled by ${sum} in all`);
    }
  }
});
