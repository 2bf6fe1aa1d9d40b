/** What the report of `speed-of-experts` says of chosen experts beside all of them. */
import { assertEquals, assertMatch } from "@std/assert";
import { expertRecipeById } from "../../../core/experts/recipes.ts";
import type { ExpertCompute } from "../../../core/programs/chosen_experts.ts";
import type { TimedKind } from "../../../experiments/experts/speed_measure.ts";
import { speedVerdict, timeOfAll } from "../../../experiments/experts/speed_words.ts";
import { exactly } from "../../../kernels/base/estimate.ts";

const timed = (id: string, compute: ExpertCompute, seconds: number, flops: number): TimedKind => ({
  ...{ recipe: expertRecipeById(id), compute, launches: 1, operators: 1, productShare: 0.5 },
  measured: exactly(seconds, "made up"),
  predicted: exactly(1.1 * seconds, "made up"),
  ...{ productFlops: flops, movedBytes: 1 },
});

const all = [timed("ffn-relu", "all", 4, 100), timed("ffn-swiglu", "all", 6, 100)];
const chosen = [timed("ffn-relu", "chosen", 1, 25), timed("ffn-swiglu", "chosen", 3, 25)];

Deno.test("chosen experts are told as shares of the time and the FLOP of all", () => {
  assertEquals(timeOfAll(chosen[1], all[1]), 0.5);
  const words = speedVerdict([...all, ...chosen]);
  assertMatch(words, /^Of 2 kinds in place of a network .* takes 1\.5 times as long/);
  assertMatch(
    words,
    /Where 2 kinds compute their chosen experts alone, a layer does 25 % of the FLOP/,
  );
  assertMatch(
    words,
    /takes 38 % of the time of all experts, medians; from 25 % for .* to 50 % for/,
  );
  assertMatch(words, /predicts these with a median absolute error of 10 %\.$/);
  assertEquals(speedVerdict(all).includes("chosen"), false);
});
