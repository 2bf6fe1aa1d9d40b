/**
 * What the study says in sentences: premise, claims, and what follows.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import { formatSigned } from "../../../reports/format.ts";
import type { Card } from "../../../reports/visuals.ts";
import type { ClaimResult, PartResult, StudyClaims } from "./claims.ts";
import { asShare } from "./difference.ts";
import type { PremiseOfSize } from "./premise.ts";

/** A difference of log perplexity in percent of perplexity, with its interval. */
export function percentOf(difference: Estimate): string {
  const { value, lo, hi } = asShare(difference);
  return `${formatSigned(value)} (${formatSigned(lo)} to ${formatSigned(hi)})`;
}

/** What was measured of a part, in figures; of one seed without the interval, which decides nothing. */
export function partFigures({ measured: { overSeeds, bySeed } }: PartResult): string {
  if (overSeeds) return percentOf(overSeeds.all);
  const [first] = bySeed;
  return first ? `${formatSigned(asShare(first.all).value)}, one seed` : "not trained";
}

/** How sure one is of a premise, as a sentence. */
export function premiseSentence({ size, verdict, branches }: PremiseOfSize): string {
  if (verdict === "untested") {
    return `The premise is untested on the ${size} size: some branches were not trained.`;
  }
  const good = branches.filter(({ holds }) => holds).length;
  const seeds = new Set(branches.map(({ seed }) => seed)).size;
  const over = `${seeds} ${seeds === 1 ? "seed" : "seeds"}`;
  return verdict === "holds"
    ? `The premise holds on the ${size} size: all ${good} branches of ${over} beat the seed model ` +
      "on their own domain and lose to it on another."
    : `The premise fails on the ${size} size: ${good} of ${branches.length} branches of ${over} ` +
      "beat the seed model on their own domain and lose to it on another.";
}

const shown = (parts: readonly PartResult[]) =>
  parts.map((one) => `${one.part.name} ${partFigures(one)}`).join("; ");

/** Parts that a verdict rests on: those that fail, or those that are open, or the first. */
function decidingParts({ verdict, parts }: ClaimResult): PartResult[] {
  const own = parts.filter((part) => part.verdict === verdict);
  return verdict === "holds" ? parts.slice(0, 1) : own.slice(0, 2);
}

/** A claim at a size as a sentence. */
export function claimSentence(result: ClaimResult): string {
  const { size, verdict, counts, parts } = result;
  const of = `${
    parts.filter((part) => part.verdict === "holds").length
  } of ${parts.length} parts hold`;
  const said = { holds: "Holds", fails: "Fails", undecided: "Undecided" }[verdict];
  const [deciding] = decidingParts(result);
  const reason = verdict === "undecided" && deciding ? `: ${deciding.reason}` : "";
  return `${said} on the ${size} size (${of}${reason})${
    counts ? "" : "; it does not count, since the premise does not hold"
  }.`;
}

const asked = ({ claims }: StudyClaims) => claims.filter(({ claim }) => claim.published);

/** How many claims of a size came out which way. */
function tally(results: readonly ClaimResult[]): string {
  const count = (verdict: string) => results.filter((one) => one.verdict === verdict).length;
  return `${count("holds")} hold, ${count("fails")} fail, ${count("undecided")} are undecided`;
}

/** Claims as a list: each with its verdict and the figures that it rests on. */
export function claimItems(results: readonly ClaimResult[]): string[] {
  return results.map((one) => `${one.claim.name}: ${one.verdict}; ${shown(decidingParts(one))}`);
}

/** The answer for one size. */
function sizeVerdict(
  { size, verdict, branches }: PremiseOfSize,
  own: readonly ClaimResult[],
): string {
  const good = branches.filter(({ holds }) => holds).length;
  const told =
    `On the ${size} size the premise ${verdict === "untested" ? "is untested" : verdict} ` +
    `(${good} of ${branches.length} branches are specialists)`;
  if (own.length === 0) return `${told}, and no claim was tested.`;
  const [{ claim, parts: [first] }] = own;
  const what = `${claim.name}, ${first.part.name}: ${partFigures(first)}`;
  return verdict === "holds"
    ? `${told}, and of ${own.length} claims ${tally(own)}. ${what}.`
    : `${told}, so that no claim counts; as measured, ${tally(own)}. ${what}.`;
}

/** The answer: for each size the premise, how many claims hold, and the main one's figure. */
export function studyVerdict(claims: StudyClaims): string {
  if (claims.premise.length === 0) return "Nothing was trained: nothing to say.";
  const all = asked(claims);
  return claims.premise
    .map((premise) => sizeVerdict(premise, all.filter(({ size }) => size === premise.size)))
    .join(" ");
}

/** All verdicts on a card, size by size. */
export function verdictCard({ premise, claims }: StudyClaims): Card {
  return {
    id: "verdicts",
    title: "Premise and claims",
    note:
      "In percent of perplexity, below 0 where the first of the two is better; in brackets the " +
      "interval over seeds.",
    kind: "measured",
    ...{ figures: [], settings: [], paragraphs: [] },
    lists: premise.map((one) => ({
      title: `${one.size === "small" ? "Small" : "Large"} size`,
      items: [premiseSentence(one), ...claimItems(claims.filter(({ size }) => size === one.size))],
    })),
  };
}

const openings: readonly [ClaimResult["verdict"], string][] = [
  ["holds", "As the work says"],
  ["fails", "Against what the work says"],
  ["undecided", "Left open"],
];

/** What follows from it, and what would change it. */
export function studyDecision(claims: StudyClaims): string {
  const sound = claims.premise.filter(({ verdict }) => verdict === "holds");
  if (sound.length === 0 && claims.premise.every(({ verdict }) => verdict === "untested")) {
    return "Nothing is decided: without all branches of a seed model the premise is untested. A run " +
      "of all rows would change this.";
  }
  if (sound.length === 0) {
    return "Nothing is decided: branches that are no specialists leave nothing to mix. A longer " +
      "training of the seed model, longer branches or domains further apart would change this.";
  }
  const counted = asked(claims).filter(({ counts }) => counts);
  const parts = openings.flatMap(([verdict, opening]) => {
    const own = Map.groupBy(
      counted.filter((one) => one.verdict === verdict),
      ({ claim }) => claim.name,
    );
    const names = [...own].map(([name, of]) =>
      `${name} (${of.map(({ size }) => size).join(", ")})`
    );
    return names.length === 0 ? [] : [`${opening}: ${names.join("; ")}.`];
  });
  return [
    ...parts,
    "More seeds would narrow the intervals; longer trainings, larger models or real text may change " +
    "the sign.",
  ].join(" ");
}
