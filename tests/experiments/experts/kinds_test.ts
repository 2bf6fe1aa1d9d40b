import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { kindSizes, sizedKinds } from "../../../experiments/experts/expert_kinds.ts";
import { kindParameters, type KindValues } from "../../../experiments/experts/kind_parameters.ts";
import {
  kindDifference,
  type KindGroup,
  kindLoss,
  kindSides,
  kindTables,
} from "../../../experiments/experts/kind_groups.ts";
import { languageBatch, languageFloor, RULED } from "../../../experiments/experts/kind_language.ts";
import { kindDecision, kindVerdict } from "../../../experiments/experts/kind_words.ts";

const values = Object.fromEntries(
  Object.entries(kindParameters).map(([name, { quick }]) => [name, quick]),
) as KindValues;
const sizes = kindSizes(values);

Deno.test("kinds have about the FLOP of the first; the others say so in their row", () => {
  for (const where of ["text", "image"] as const) {
    const [first, ...others] = sizedKinds(where, sizes);
    assertEquals(first.ratio, 1);
    const away = others.filter(({ ratio }) => Math.abs(ratio - 1) > 0.1)
      .map(({ recipe }) => recipe.id);
    // Neurons and heads that all count cannot be as costly at this size.
    const known = where === "text" ? ["experts-peer", "experts-attention-own-keys"] : [];
    assertEquals(away, known);
  }
});

Deno.test("in the language a letter follows by the rule of its domain, most of the time", () => {
  const language = { letters: 16, domains: 4, seed: 1 };
  const options = { name: "a batch", sequences: 40, length: 50 };
  const { tokens, before, targets, tags } = languageBatch(language, options);
  assertEquals(languageBatch(language, options).tokens, tokens);
  const rule = new Map<string, Map<number, number>>();
  for (let t = 0; t < tokens.length; t++) {
    const first = t % 50 === 0;
    assertEquals(before[t], first ? tokens[t] : tokens[t - 1]);
    if (first) {
      assertEquals(tokens[t], 16 + tags[t]);
      continue;
    }
    assertEquals(tokens[t], targets[t - 1]);
    const key = `${tags[t]} ${tokens[t]}`;
    const seen = rule.get(key) ?? new Map<number, number>();
    seen.set(targets[t], (seen.get(targets[t]) ?? 0) + 1);
    rule.set(key, seen);
  }
  const ruled = [...rule.values()].reduce((sum, seen) => sum + Math.max(...seen.values()), 0);
  assertAlmostEquals(ruled / (40 * 49), RULED + (1 - RULED) / 16, 0.03);
});

Deno.test("the floor of the language is what its own probabilities lose on it", () => {
  const language = { letters: 4, domains: 2, seed: 3 };
  const length = 40;
  const { tokens, targets, tags } = languageBatch(language, { name: "x", sequences: 400, length });
  const counts = new Map<string, number[]>();
  for (let t = 0; t < tokens.length; t++) {
    const key = t % length === 0 ? "first" : `${tags[t]} ${tokens[t]}`;
    const seen = counts.get(key) ?? [0, 0, 0, 0];
    seen[targets[t]]++;
    counts.set(key, seen);
  }
  let loss = 0;
  for (const seen of counts.values()) {
    const all = seen.reduce((a, b) => a + b);
    for (const n of seen) if (n > 0) loss -= n * Math.log(n / all);
  }
  assertAlmostEquals(loss / tokens.length, languageFloor(language, length), 0.02);
});

/** Groups of kinds that nobody trained. */
function groups(...shifts: number[]): KindGroup[] {
  const kinds = sizedKinds("text", sizes);
  const noise = [0, 0.02, -0.02, 0.01];
  return shifts.map((shift, i) => ({
    kind: kinds[i],
    figures: [{ losses: [3, 2], heldOut_S: noise.map((n) => 2 + shift + n), parameters: 7 }],
  }));
}

Deno.test("kinds are held against the first on equal samples", async () => {
  const all = groups(0, -0.5, 0.5, 0);
  assertAlmostEquals(kindLoss(all[1]).value, 1.5025, 1e-12);
  const { value, lo, hi } = kindDifference(all[1], all[0]);
  for (const end of [value, lo, hi]) assertAlmostEquals(end, -0.5, 1e-12);
  const { better, worse, alike } = kindSides(all);
  assertEquals([better, worse, alike].map((side) => side.map((one) => all.indexOf(one))), [
    [1],
    [2],
    [3],
  ]);
  const [table, differences] = await kindTables(all, { id: "t", title: "T", unit: "token" });
  assertEquals(table.rows.map(({ labels }) => labels.rank), [1, 2, 2, 4]);
  assertEquals(differences.rows.length, 3);
});

Deno.test("words: a kind that is told the domain is never advised", () => {
  const kinds = sizedKinds("text", sizes);
  const [control, ...others] = groups(0, 0, 0);
  const told = kinds.find(({ recipe }) => recipe.id === "experts-universal")!;
  const [winner] = groups(-1);
  const text = [control, ...others, { ...winner, kind: told }];
  assert(kindVerdict(text, groups(0, 0)).includes("1 are better than Networks with SwiGLU"));
  assert(kindDecision(text, groups(0, 0)).includes("nothing beats Networks with SwiGLU"));
  assert(
    kindDecision([control, { ...others[0], figures: winner.figures }], groups(0, 0))
      .includes(`try ${others[0].kind.recipe.name}`),
  );
});
