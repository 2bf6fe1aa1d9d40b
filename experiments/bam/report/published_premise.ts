/**
 * The premise in print: what each dense model of Tables 1 and 2 gains on its own domain, and what it
 * loses where it is worst.
 *
 * @module
 */
import type { StudySize } from "../figures.ts";
import { publishedDomains, publishedTables } from "./published.ts";

/** A printed branch against the printed seed model, as shares of perplexity. */
export interface PublishedBranch {
  /** Number of its domain in {@linkcode publishedDomains}. */
  domain: number;
  /** Change on its own domain. */
  own: number;
  /** The domain where it is worst, and the change there. */
  worst: { domain: number; by: number };
}

/** The dense models of a size. */
export function publishedBranches(size: StudySize): PublishedBranch[] {
  const rows = publishedTables.find((table) => table.size === size)!.rows;
  const base = rows.find(({ row }) => row === "seed")!;
  return publishedDomains.slice(1).flatMap((_, i): PublishedBranch[] => {
    const domain = i + 1;
    const branch = rows.find(({ row }) => row === `dense-${domain}`);
    if (!branch) return [];
    const changes = branch.perplexity.map((x, d) => ({
      domain: d,
      by: x / base.perplexity[d] - 1,
    }));
    const worst = changes.filter((one) => one.domain !== domain)
      .reduce((a, b) => b.by > a.by ? b : a);
    return [{ domain, own: changes[domain].by, worst }];
  });
}
