/**
 * Whether what the work claims is true here: one verdict for each claim and size.
 *
 * A part of a claim holds where the interval over seeds lies below 0, fails where it lies above, and
 * is undecided otherwise; so it is with one seed, whatever that seed says. A claim holds where all of
 * its parts do (then no correction for their number is needed) and fails where one of them does.
 *
 * @module
 */
import type { StudyFigures, StudySize } from "../figures.ts";
import { type Claim, type ClaimPart, claimTable } from "./claim_table.ts";
import {
  type Redrawing,
  rowDifference,
  type RowDifferences,
  usualRedrawing,
} from "./difference.ts";
import { premiseOf, type PremiseOfSize } from "./premise.ts";
import { publishedDifference } from "./published_difference.ts";
import { fullName, sizesOf, trainingsOf } from "./rows.ts";

/** What can be said of a claim. */
export type ClaimVerdict = "holds" | "fails" | "undecided";

/** A part of a claim at one size. */
export interface PartResult {
  /** The part. */
  part: ClaimPart;
  /** Difference that the work printed, nats a token over all four domains; absent where it has none. */
  published?: number;
  /** What was measured. */
  measured: RowDifferences;
  /** What follows. */
  verdict: ClaimVerdict;
  /** Why, as a clause. */
  reason: string;
}

/** A claim at one size. */
export interface ClaimResult {
  /** The claim. */
  claim: Claim;
  /** Which size. */
  size: StudySize;
  /** What follows from all parts. */
  verdict: ClaimVerdict;
  /** Whether it counts: false where the premise of this size failed or was not tested. */
  counts: boolean;
  /** Its parts. */
  parts: PartResult[];
}

/** What a study says. */
export interface StudyClaims {
  /** Whether the branches are what the work takes them for, by size. */
  premise: PremiseOfSize[];
  /** The claims, size by size. */
  claims: ClaimResult[];
}

/** What the differences of two rows decide, and why. */
export function judgeDifference(
  { overSeeds, bySeed }: RowDifferences,
): { verdict: ClaimVerdict; reason: string } {
  if (!overSeeds) {
    const reason = bySeed.length === 0
      ? "no seed has both rows"
      : "one seed says nothing of what another would give";
    return { verdict: "undecided", reason };
  }
  const { lo, hi } = overSeeds.all;
  if (hi < 0) return { verdict: "holds", reason: "the interval over seeds lies below 0" };
  if (lo > 0) return { verdict: "fails", reason: "the interval over seeds lies above 0" };
  return { verdict: "undecided", reason: "the interval over seeds holds 0" };
}

/** What parts say together. */
export function judgeParts(parts: readonly Pick<PartResult, "verdict">[]): ClaimVerdict {
  if (parts.some(({ verdict }) => verdict === "fails")) return "fails";
  return parts.length > 0 && parts.every(({ verdict }) => verdict === "holds")
    ? "holds"
    : "undecided";
}

function judgePart(
  figures: StudyFigures,
  part: ClaimPart,
  options: { size: StudySize; redrawing: Redrawing },
): PartResult {
  const { size, redrawing } = options;
  const { one, against } = part;
  const missing = [one, against].filter((key) => trainingsOf(figures, { ...key, size }).size === 0);
  const measured = rowDifference(figures, { size, one, against }, redrawing);
  const judged = judgeDifference(measured);
  const names = missing.map((key) => fullName(key, figures.domains)).join(" and ");
  const published = publishedDifference(part, size);
  return {
    ...{ part, measured, ...judged, ...(published !== undefined && { published }) },
    ...(missing.length > 0 && { reason: `${names} was not trained` }),
  };
}

/**
 * Tests the premise and the claims of the work on what was trained: on each size that has rows of
 * them. Nothing is drawn but sequences, from a seeded stream: same figures, same verdicts.
 *
 * @throws {RangeError} where models of a seed did not see the same held-out sequences.
 */
export function studyClaims(
  figures: StudyFigures,
  redrawing: Redrawing = usualRedrawing,
): StudyClaims {
  const premise = sizesOf(figures).map((size) => premiseOf(figures, { size, redrawing }));
  const claims = premise.flatMap(({ size, verdict }) =>
    claimTable.flatMap((claim): ClaimResult[] => {
      const parts = claim.parts.map((part) => judgePart(figures, part, { size, redrawing }));
      if (parts.every(({ measured }) => measured.bySeed.length === 0)) return [];
      return [{ claim, size, verdict: judgeParts(parts), counts: verdict === "holds", parts }];
    })
  );
  return { premise, claims };
}
