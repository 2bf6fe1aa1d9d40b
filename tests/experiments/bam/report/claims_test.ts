import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  judgeDifference,
  judgeParts,
  studyClaims,
} from "../../../../experiments/bam/report/claims.ts";
import { rowDifference } from "../../../../experiments/bam/report/difference.ts";
import type { StudyFigures } from "../../../../experiments/bam/figures.ts";
import { trainingsOf } from "../../../../experiments/bam/report/rows.ts";
import { madeUpFigures } from "./made_up.ts";

const redrawing = { seed: 1, draws: 200 };

const verdictsOf = (figures: StudyFigures) =>
  Object.fromEntries(
    studyClaims(figures, redrawing).claims.map((
      one,
    ) => [`${one.claim.id}/${one.size}`, one.verdict]),
  );

const pair = {
  size: "small" as const,
  one: { row: "bam-expert-kv", budget: "compute" as const },
  against: { row: "btx-4" },
};

Deno.test("clear differences of three seeds decide every claim of both sizes", () => {
  const { premise, claims } = studyClaims(madeUpFigures(1), redrawing);
  assertEquals(premise.map(({ size, verdict }) => `${size} ${verdict}`), [
    "small holds",
    "large holds",
  ]);
  assertEquals(claims.map((one) => `${one.claim.id}/${one.size} ${one.verdict}`), [
    ...["btx/small holds", "kv/small holds", "soft/small holds", "parameters/small holds"],
    ...["control/small holds", "btx/large holds", "kv/large holds", "control/large holds"],
  ]);
  assert(claims.every(({ counts }) => counts));
});

Deno.test("a claim fails where one of its parts does, and is open where one is open", () => {
  const added = { "bam-top-1/compute": -0.2 };
  assertEquals(verdictsOf(madeUpFigures(1, { added }))["soft/small"], "fails");
  const alike = { "bam-top-2/compute": -0.02 };
  assertEquals(
    verdictsOf(madeUpFigures(1, { added: alike, spread: 0.01 }))["soft/small"],
    "undecided",
  );
});

Deno.test("one seed decides nothing, however large the difference", () => {
  const added = { "bam-expert-kv/data": -1, "bam-expert-kv/compute": -1 };
  const { claims, premise } = studyClaims(madeUpFigures(1, { seeds: 1, added }), redrawing);
  assert(claims.every(({ verdict }) => verdict === "undecided"));
  assertEquals(claims[0].parts[0].reason, "one seed says nothing of what another would give");
  // The premise is about the models that are there, so one seed tests it.
  assertEquals(premise[0].verdict, "holds");
});

Deno.test("where a branch is no specialist the premise fails and claims do not count", () => {
  // Worse than the seed model everywhere.
  const { premise, claims } = studyClaims(madeUpFigures(1, { added: { "dense-2": 2 } }), redrawing);
  assertEquals(premise[0].verdict, "fails");
  assertEquals(premise[0].branches.filter(({ holds }) => !holds).map(({ domain }) => domain), [
    ...[2, 2, 2],
  ]);
  assert(claims.every(({ counts }) => !counts));
  assertEquals(claims[0].verdict, "holds");
  // Better than the seed model everywhere: a better generalist, no specialist.
  const better = studyClaims(madeUpFigures(1, { added: { "dense-2": -2 } }), redrawing);
  assertEquals(better.premise[0].verdict, "fails");
});

Deno.test("a premise without all branches is untested, a part without its row undecided", () => {
  const figures = madeUpFigures(1, { without: ["dense-3", "btx-7/data"], sizes: ["small"] });
  const { premise, claims } = studyClaims(figures, redrawing);
  assertEquals(premise[0].verdict, "untested");
  const parameters = claims.find(({ claim }) => claim.id === "parameters")!;
  assertEquals(parameters.verdict, "undecided");
  assertEquals(parameters.parts[3].reason, "BTX, 7 experts was not trained");
});

Deno.test("nothing trained, nothing claimed", () => {
  assertEquals(studyClaims({ domains: ["a", "b"], models: [] }), { premise: [], claims: [] });
});

Deno.test("a difference is the mean over seeds of differences of mean log perplexity", () => {
  const figures = madeUpFigures(3);
  const { overSeeds, bySeed } = rowDifference(figures, pair, redrawing);
  const [one, other] = [pair.one, pair.against]
    .map((key) => [...trainingsOf(figures, { ...key, size: "small" }).values()]);
  const by = one.map((model, s) =>
    model.domains.reduce((sum, { loss }, d) => sum + loss - other[s].domains[d].loss, 0) / 4
  );
  bySeed.forEach(({ all }, s) => assertAlmostEquals(all.value, by[s], 1e-9));
  const mean = by.reduce((a, b) => a + b, 0) / 3;
  assertAlmostEquals(overSeeds!.all.value, mean, 1e-9);
  // Student's t with two degrees of freedom, 95 %.
  const deviation = Math.sqrt(by.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2);
  assertAlmostEquals(overSeeds!.all.hi - mean, 4.3027 * deviation / Math.sqrt(3), 1e-5);
});

Deno.test("what is hard of a text drops out: sequences vary twentyfold more than differences", () => {
  const { bySeed: [{ all }] } = rowDifference(madeUpFigures(3), pair, redrawing);
  // Noise of 0.01 a sequence and model over 96 sequences; that of the text is 0.2.
  const expected = 1.96 * 0.01 * Math.SQRT2 / Math.sqrt(96);
  assert((all.hi - all.lo) / 2 < 1.5 * expected, `${all.hi - all.lo}`);
  assert((all.hi - all.lo) / 2 > 0.6 * expected, `${all.hi - all.lo}`);
});

Deno.test("the same figures give the same claims", () => {
  const claims = () => studyClaims(madeUpFigures(5, { seeds: 2 }), redrawing);
  assertEquals(claims(), claims());
});

Deno.test("models that saw other texts are not compared", () => {
  const figures = madeUpFigures(1);
  const cut = figures.models.map((model) => ({
    ...model,
    domains: model.row === "btx-4"
      ? model.domains.map((one) => ({ ...one, sequences: one.sequences.slice(1) }))
      : model.domains,
  }));
  assertThrows(
    () => studyClaims({ ...figures, models: cut }, redrawing),
    RangeError,
    "found 24 of general, 24 of reversed, 24 of rotated, 24 of mirrored and 23 of general",
  );
});

Deno.test("verdicts follow from ends alone, and parts from verdicts", () => {
  const verdict = fc.constantFrom("holds" as const, "fails" as const, "undecided" as const);
  fc.assert(
    fc.property(
      fc.tuple(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      fc.array(verdict, { maxLength: 5 }),
      ([lo, width], verdicts) => {
        const all = { value: lo + width / 2, lo, hi: lo + width, n: 3, method: "" };
        const judged = judgeDifference({ overSeeds: { all, domains: [] }, bySeed: [] }).verdict;
        assertEquals(judged === "holds", all.hi < 0);
        assertEquals(judged === "fails", all.lo > 0);
        const together = judgeParts(verdicts.map((verdict) => ({ verdict })));
        assertEquals(together === "fails", verdicts.includes("fails"));
        assertEquals(
          together === "holds",
          verdicts.length > 0 && verdicts.every((one) => one === "holds"),
        );
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
