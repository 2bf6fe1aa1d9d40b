/**
 * What a run of adapters checks of itself.
 *
 * @module
 */
import type { Result } from "../../reports/result.ts";
import { lossAgainst } from "./figures.ts";
import type { AdapterFindings } from "./words.ts";

/** Checks over all tunings. */
export function adapterChecks(found: AdapterFindings): Result["checks"] {
  const { base, control, full, mixtures, races } = found;
  const groups = [control, full, ...mixtures];
  const tuned = groups.flatMap(({ figures }) => figures);
  const idle = groups.filter((group) => lossAgainst(group, base, "fresh_S").value >= 0);
  const [{ trained: budget }] = control.figures;
  const off = mixtures.map(({ figures: [{ trained }] }) => Math.abs(trained / budget - 1));
  const check = (name: string, value: number, limit: number, note: string) => ({
    ...{ name, value, limit, passed: value <= limit, note },
  });
  return [
    check(
      "entries of the frozen base that moved",
      [base.figures, tuned].flat().reduce((n, { moved }) => n + moved, 0),
      0,
      "compared bit by bit, before and after each tuning",
    ),
    check(
      "recipes that are no better than the base on new domains",
      idle.length,
      0,
      `held-out loss on equal sequences, of ${groups.length} recipes`,
    ),
    check(
      "parameters off the budget",
      Math.max(...off),
      0.1,
      "largest share by which a mixture trains more or fewer than one LoRA",
    ),
    ...races.length === 0 ? [] : [check(
      "grouped products against a loop",
      Math.max(...races.map(({ apart }) => apart)),
      1e-5,
      "largest difference of values and gradients, as a share of the largest of its kind",
    )],
  ];
}
