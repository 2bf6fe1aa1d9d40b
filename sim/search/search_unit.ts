/**
 * The plans of one unit, level by level. At each a bound of time and one of memory say whether anything
 * below can still be kept.
 *
 * @module
 */
import { searchCores } from "./search_cores.ts";
import type { SearchUnit } from "./search_units.ts";
import { coresOf } from "./unit_cores.ts";
import { unitShapes } from "./unit_shapes.ts";
import type { UnitSite } from "./unit_site.ts";

/** Searches a unit; false where it was stopped before the end. */
export function searchUnit(unit: SearchUnit, of: UnitSite): boolean {
  for (const shape of unitShapes(unit, of)) {
    if (of.stop() || !searchCores(coresOf(shape, of), of)) return false;
  }
  return true;
}
