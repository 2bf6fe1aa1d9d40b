/**
 * Premise and claims as tables: by domain over seeds, and seed by seed.
 *
 * @module
 */
import { type Estimate, exactly } from "../../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import type { ToldTable } from "../../training/router_table.ts";
import type { StudyFigures, StudySize } from "../figures.ts";
import type { ClaimResult, PartResult, StudyClaims } from "./claims.ts";
import { asShare, type Differences } from "./difference.ts";
import { publishedDomains } from "./published.ts";
import { publishedBranches } from "./published_premise.ts";
import { nameOfRow } from "./rows.ts";

type Told = Pick<Row, "labels" | "metrics"> & Partial<Pick<Row, "kind" | "warnings">>;

async function tableOf(
  info: TableInfo,
  told: readonly Told[],
): Promise<ToldTable> {
  const rows = told.map(async (one): Promise<Row> => ({
    id: await contentId({ table: info.id, labels: one.labels, kind: one.kind ?? "measured" }),
    ...{ table: info.id, kind: "measured", warnings: [], ...one },
  }));
  return { info, rows: await Promise.all(rows) };
}

const shares = (domains: readonly string[], found: Differences): Record<string, Estimate> => ({
  allFraction: asShare(found.all),
  ...Object.fromEntries(domains.map((name, i) => [`${name}Fraction`, asShare(found.domains[i])])),
});

const labelsOf = ({ claim, size }: ClaimResult, { part }: PartResult) => ({
  ...{ claim: claim.short, comparison: part.name, size },
});

const each = <T>(
  { claims }: StudyClaims,
  of: (claim: ClaimResult, part: PartResult) => T[],
): T[] => claims.flatMap((claim) => claim.parts.flatMap((part) => of(claim, part)));

/** Differences over seeds by domain; of one seed those within it. */
function byDomain(claims: StudyClaims, { domains }: StudyFigures): Promise<ToldTable> {
  return tableOf(
    {
      id: "claims",
      title: "Claims by domain",
      note:
        "Difference of perplexity of the first row of a comparison to the second, below 0 where " +
        "it is better. Intervals are over seeds where there are two or more; of one seed they are " +
        "those of its held-out sequences and decide nothing.",
      columns: ["claim", "comparison", "size", "verdict", "allFraction"],
    },
    each(claims, (claim, part) => {
      const { overSeeds, bySeed: [first] } = part.measured;
      const found = overSeeds ?? first;
      if (!found) return [];
      const labels = { ...labelsOf(claim, part), verdict: part.verdict };
      return [{ labels, metrics: shares(domains, found) }];
    }),
  );
}

function bySeed(claims: StudyClaims): Promise<ToldTable> {
  return tableOf(
    {
      id: "claims-by-seed",
      title: "Claims seed by seed",
      note:
        "The same differences within each seed, over all domains. Intervals come from held-out sequences that are " +
        "drawn again: they say how well these texts measure two trained models, and nothing of " +
        "what other trainings would give.",
      columns: ["claim", "comparison", "size"],
    },
    each(claims, (claim, part) =>
      part.measured.bySeed.length === 0 ? [] : [{
        labels: labelsOf(claim, part),
        metrics: Object.fromEntries(
          part.measured.bySeed.map(({ seed, all }) => [`seed ${seed}Fraction`, asShare(all)]),
        ),
      }]),
  );
}

function printedBranches(size: StudySize): Told[] {
  const printed = (share: number) => exactly(share, "of what is printed, no interval");
  return publishedBranches(size).map(({ domain, own, worst }) => ({
    labels: {
      ...{ branch: `dense, ${publishedDomains[domain]}`, size, seed: "–" },
      ...{ worst: publishedDomains[worst.domain] },
      specialist: own < 0 && worst.by > 0 ? "yes" : "no",
    },
    metrics: { ownFraction: printed(own), worstFraction: printed(worst.by) },
    kind: "published",
  }));
}

function premiseTable({ premise }: StudyClaims, { domains }: StudyFigures): Promise<ToldTable> {
  return tableOf(
    {
      id: "premise-branches",
      title: "The premise branch by branch",
      note: "Perplexity of a branch against the seed model that it was copied from: on its own " +
        "domain, and where it is worst. Intervals from held-out sequences drawn again. The premise " +
        "wants the first wholly below 0 and the second wholly above it, of every branch and seed.",
      columns: ["branch", "size", "seed", "ownFraction", "worst", "worstFraction", "specialist"],
    },
    premise.flatMap(({ size, branches }) => [
      ...branches.map(({ seed, domain, own, worst, holds }): Told => ({
        labels: {
          ...{ branch: nameOfRow(`dense-${domain}`, domains), size, seed },
          ...{ worst: domains[worst.domain], specialist: holds ? "yes" : "no" },
        },
        metrics: { ownFraction: asShare(own), worstFraction: asShare(worst.by) },
        warnings: holds ? [] : ["no specialist: the premise fails"],
      })),
      ...printedBranches(size),
    ]),
  );
}

/** Premise, claims by domain, and claims seed by seed, as tables. */
export async function claimTables(
  claims: StudyClaims,
  figures: StudyFigures,
): Promise<{ premise: ToldTable; byDomain: ToldTable; bySeed: ToldTable }> {
  return {
    premise: await premiseTable(claims, figures),
    byDomain: await byDomain(claims, figures),
    bySeed: await bySeed(claims),
  };
}
