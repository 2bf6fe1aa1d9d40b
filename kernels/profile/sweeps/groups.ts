/**
 * Rows dealt to experts, for sweeps of grouped products.
 *
 * @module
 */
import { groupTensors, groupTokens, type TokenGroups } from "../../group_tokens/group_tokens.ts";
import type { Recorder } from "../../recorder.ts";
import type { Tensor } from "../../tensor.ts";
import { UNTIMED } from "../sweep.ts";

/** Experts of a grouped product, where their number is no axis. */
export const GROUPS = 8;

/** How rows are dealt. */
export interface Deal {
  /** Experts. */
  experts?: number;
  /** Whether each gets its rows in one piece; else they get tiles of rows in turn. */
  evenly?: boolean;
}

/** Makes groups of `rows` rows when first asked for; they and their ids go to `inputs`. */
export function groupMaker(
  inputs: Tensor[],
  { tileRows }: { tileRows: number },
): (recorder: Recorder, rows: number, deal?: Deal) => TokenGroups {
  const known = new Map<string, TokenGroups>();
  return (recorder, rows, { experts = GROUPS, evenly = false } = {}) => {
    const key = `${rows} ${experts} ${evenly}`;
    const found = known.get(key);
    if (found) return found;
    const expertOf = (i: number) =>
      evenly ? Math.floor(i * experts / rows) : Math.floor(i / tileRows) % experts;
    const ids = recorder.pool.upload(
      "ids",
      [rows],
      Uint32Array.from({ length: rows }, (_, i) => expertOf(i)),
    );
    const groups = groupTokens(recorder, ids, { experts, tileRows, label: UNTIMED });
    known.set(key, groups);
    inputs.push(ids, ...groupTensors(groups));
    return groups;
  };
}
