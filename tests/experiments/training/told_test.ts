/** Verdicts of the experiments with one table, on made-up trainings. */
import { assertEquals, assertMatch } from "@std/assert";
import { recipeById } from "../../../core/gates/recipes.ts";
import { IGNORED } from "../../../kernels/mod.ts";
import {
  balanceDecision,
  balanceVerdict,
} from "../../../experiments/training/balance/balance_words.ts";
import { balancedRecipe, balancers } from "../../../experiments/training/balance/balancers.ts";
import {
  capacityDecision,
  capacityVerdict,
} from "../../../experiments/training/capacity/capacity_words.ts";
import {
  granularityDecision,
  granularityVerdict,
} from "../../../experiments/training/granularity/granularity_words.ts";
import { lossBySequence } from "../../../experiments/training/held_out.ts";
import { floorNote } from "../../../experiments/training/router_words.ts";
import { trainedChecks } from "../../../experiments/training/trained_checks.ts";
import { evenLayer, madeUp, madeUpGroup } from "./made_up.ts";

const skewed = { ...evenLayer, wanted_E: [125, 1, 1, 1] };

const balanced = (id: string, losses: number[], layers = [evenLayer]) => {
  const recipe = balancedRecipe(balancers.find((one) => one.id === id)!);
  return madeUpGroup("mixtral", losses, {
    run: { recipe, name: recipe.name, id: recipe.id },
    figures: { layers },
  });
};

Deno.test("balance says how uneven none is, and which balancer is free", () => {
  const groups = [
    balanced("none", [2, 2.1, 2.2], [skewed]),
    balanced("balance", [2, 2.1, 2.3]),
    balanced("z", [1, 1.1, 1.2], [skewed]),
  ];
  const verdict = balanceVerdict(groups);
  assertMatch(verdict, /busiest expert ends with 3\.906 times the mean load/);
  assertMatch(
    verdict,
    /of 2 balancers 1 end wholly more even, the most even being balance \(Switch\)/,
  );
  assertMatch(
    balanceDecision(groups),
    /balance \(Switch\) evens loads at a perplexity that is not/,
  );
  const dear = [groups[0], balanced("balance", [5, 5.1, 5.2])];
  assertMatch(balanceDecision(dear), /^No balancer evens loads here/);
  assertEquals(balanceVerdict([]), "Too few trainings ran: nothing to say.");
});

const capped = (factor: number | undefined, losses: number[], kept = 32) => {
  const base = recipeById("mixtral");
  const cap = { kind: "factor", factor: factor!, order: "sequence" } as const;
  const { cap: _, ...rest } = base;
  const recipe = factor === undefined ? rest : { ...rest, cap };
  const name = factor === undefined ? "dropless" : `${factor}, by sequence`;
  return madeUpGroup("mixtral", losses, {
    run: { recipe, name, id: name },
    figures: { layers: [{ ...evenLayer, kept_E: Array(4).fill(kept) }] },
  });
};

Deno.test("capacity says what dropping costs, and the smallest that costs nothing", () => {
  const groups = [
    capped(undefined, [2, 2.1, 2.2]),
    capped(0.5, [2.5, 2.6, 2.7001], 16),
    capped(1, [2.01, 2.09, 2.2], 30),
    capped(2, [2, 2.1, 2.2]),
  ];
  assertMatch(
    capacityVerdict(groups),
    /Of 3 capacities 1 give a higher .* 2 are not told apart .* 50\u00a0% of the choices \(factor 0\.5/,
  );
  assertMatch(capacityDecision(groups), /costs no loss that can be told is 1, by sequence/);
  assertMatch(capacityDecision(groups.slice(0, 2)), /^Every capacity that was tried costs loss/);
  assertEquals(capacityVerdict([]), "Too few trainings ran: nothing to say.");
});

Deno.test("granularity answers yes, no, or that it cannot tell", () => {
  const cut = (name: string, losses: number[]) =>
    madeUpGroup("mixtral", losses, { run: { name, id: name } });
  const coarse = cut("1 of 4", [2, 2.1, 2.2]);
  const better = cut("2 of 8", [1.9, 2, 2.0999]);
  const worse = cut("4 of 16", [2.1, 2.2, 2.3001]);
  assertMatch(
    granularityVerdict([coarse, better]),
    /^Yes: of 1 finer cuts 1 are better than 1 of 4/,
  );
  assertMatch(granularityVerdict([coarse, worse]), /^No: /);
  assertMatch(granularityVerdict([coarse, better, worse]), /^Not told: /);
  assertMatch(granularityDecision([coarse, better]), /^Rank 1 is shared by/);
  assertEquals(granularityVerdict([coarse]), "Too few trainings ran: nothing to say.");
});

Deno.test("checks fail where a loss did not fall, counts do not add up or the floor is broken", () => {
  const good = madeUp("mixtral", [2, 2.1], { figures: { floor: { told: 1.5, inferred: 1.6 } } });
  assertEquals(trainedChecks([good]).map(({ passed }) => passed), [true, true, true]);
  const rose = { losses: [{ step: 1, loss: 2 }, { step: 9, loss: 3 }] };
  const more = { layers: [{ ...evenLayer, kept_E: [33, 32, 32, 32] }] };
  const leak = { floor: { told: 2.5, inferred: 2.6 } };
  for (const [i, figures] of [rose, more, leak].entries()) {
    const checks = trainedChecks([good, madeUp("switch", [2, 2.1], { figures })]);
    assertEquals(checks.map(({ passed }) => passed), [0, 1, 2].map((at) => at !== i));
  }
});

Deno.test("the least perplexity is told where the process is known", () => {
  const floor = { told: Math.log(2), inferred: Math.log(3) };
  const [note] = floorNote([madeUpGroup("mixtral", [2, 2.1], { figures: { floor } })]);
  assertMatch(note.paragraphs[0], /perplexity of 3 on the held-out text, and 2 where the domain/);
  assertEquals(floorNote([madeUpGroup("mixtral", [2, 2.1])]), []);
});

Deno.test("the loss of a sequence is the mean over what was predicted", () => {
  const targets = [1, IGNORED, 2, IGNORED, 3, IGNORED];
  assertEquals(lossBySequence([1, 0, 3, 0, 5, 0], { targets, length: 3 }), [2, 5]);
});
