/**
 * The nearest batch that some plan can share out.
 *
 * @module
 */
import { divisorsOf } from "../../sim/search/choices.ts";
import { openSearch } from "../../sim/search/open_search.ts";
import { beginSearch } from "../../sim/search/search_state.ts";
import { type Planning, problemOf } from "./planning.ts";

/** Batches that are tried at most. */
const TRIES = 12;

/** Whether any plan of a batch holds, whatever its memory. */
function holds(planning: Planning, globalBatch: number): boolean {
  const space = openSearch({ ...problemOf({ ...planning, globalBatch }), memoryLimit: 2 ** 60 });
  return beginSearch(space).units > 0;
}

/** The nearest batch under which a plan holds, or nothing where none nearby does. */
export function nearestBatch(planning: Planning): number | undefined {
  const { globalBatch, cluster } = planning;
  const near = divisorsOf(cluster.devices).flatMap((replicas) => [
    Math.floor(globalBatch / replicas) * replicas,
    Math.ceil(globalBatch / replicas) * replicas,
  ]);
  return [...new Set(near)]
    .filter((batch) => batch > 0 && batch !== globalBatch)
    .sort((a, b) => Math.abs(a - globalBatch) - Math.abs(b - globalBatch))
    .slice(0, TRIES)
    .find((batch) => holds(planning, batch));
}
