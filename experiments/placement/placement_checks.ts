/**
 * What the run checks of itself.
 *
 * @module
 */
import type { Result } from "../../reports/result.ts";
import { placeExperts } from "../../sim/placement/place_experts.ts";
import { slotLoads } from "../../sim/placement/slots.ts";
import type { JudgedArm } from "./arm_table.ts";
import { plainOf } from "./arm_table.ts";
import type { CertifiedLayer } from "./certified_layers.ts";

/** Rounding of sums of counts. */
const rounding = 1e-9;

const largest = (values: readonly number[]) => Math.max(0, ...values);

/** Checks of placements and bounds. */
export function placementChecks(
  judged: readonly JudgedArm[],
  certified: readonly CertifiedLayer[],
): Result["checks"] {
  const check = (name: string, note: string, excess: readonly number[]) => {
    const value = largest(excess);
    return { name, note, value, limit: rounding, passed: value <= rounding };
  };
  const below = certified.map(({ load_E, ranks, certificate }) => {
    const swaps = Math.max(...slotLoads(load_E, placeExperts(load_E, { ranks })));
    return certificate.boundLoad / swaps - 1;
  });
  const worse = judged.filter(({ arm }) => arm.method === "swaps").flatMap((one) => {
    const plain = plainOf(judged, one.trace);
    return one.bySeed.flatMap(({ own_L }, i) =>
      own_L.map((own, layer) => own / plain.bySeed[i].own_L[layer] - 1)
    );
  });
  return [
    check("no placement is better than its bound", "largest share by which one is", below),
    check(
      "swaps are no worse than contiguous blocks on their own half",
      "largest share by which they are, with and without replicas",
      worse,
    ),
  ];
}
