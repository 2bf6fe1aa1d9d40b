/**
 * Room of experts: choices beyond it are dropped (GShard, arXiv 2006.16668, section 3.2).
 *
 * Choices stand in line: first ones of all tokens, then second ones, tokens in a given order. A stable
 * sort by expert, without atomics, gives each choice its place in the line of its own expert.
 *
 * @module
 */
import { type ElementRecipe, elements } from "../elements/elements.ts";
import { groupTensors, groupTokens } from "../group_tokens/group_tokens.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";

/** The place of a row in the order of keys, equal ones as they stand. */
const rankRecipe = {
  name: "rank rows",
  gives: "u32",
  reads: { keys: "u32" },
  body: `let key = keys[row];
  var rank = 0u;
  for (var i = 0u; i < p.keys_count; i++) {
    rank += u32(keys[i] < key || (keys[i] == key && i < row));
  }
  return rank;`,
} as const satisfies ElementRecipe;

/** The tokens in their order. */
const orderRecipe = {
  name: "order of ranks",
  gives: "u32",
  reads: { ranks: "u32" },
  body: `for (var i = 0u; i < p.ranks_count; i++) {
    if (ranks[i] == row) { return i; }
  }
  return NONE;`,
} as const satisfies ElementRecipe;

/** The line: row is which choice of a token, column which token; dropped ones are of no expert. */
const lineRecipe = (ordered: boolean) => ({
  name: "line of choices",
  gives: "u32",
  reads: { ids: "u32", ...ordered && { order: "u32" } },
  values: { top: "u32", experts: "u32" },
  body: `let token = ${ordered ? "order[column]" : "column"};
  return min(ids[token * p.top + row], p.experts);`,
} as const satisfies ElementRecipe);

/** Choices whose place in the line of their expert is within its room. */
const cutRecipe = (ordered: boolean) => ({
  name: "cut the line",
  gives: "u32",
  reads: { ids: "u32", places: "u32", offsets: "u32", ...ordered && { ranks: "u32" } },
  values: { experts: "u32", capacity: "u32" },
  body: `let id = ids[row * p.columns + column];
  if (id >= p.experts) { return NONE; }
  let place = places[column * p.rows + ${ordered ? "ranks[row]" : "row"}] - offsets[id];
  return select(NONE, id, place < p.capacity);`,
} as const satisfies ElementRecipe);

/** What a limit is told. */
export interface ChoiceLimit {
  /** Rows of the choices: tokens. */
  rows: number;
  /** Experts. */
  experts: number;
  /** Choices that each has room for. */
  capacity: number;
  /** Keys [rows], u32: tokens with smaller ones come first; their own order where absent. */
  keys?: Tensor;
  /** Label of the result. */
  label?: string;
}

/**
 * Records ids [T * K] with `NO_ID` for choices that their expert has no room for; an id that
 * is no expert's becomes it too.
 *
 * With keys, ranking compares each token with each other: T^2 comparisons.
 *
 * @example Two places an expert, three tokens that want it, the last one first
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const ids = pool.upload("ids", [3], Uint32Array.of(1, 1, 1));
 * const keys = pool.upload("keys", [3], Uint32Array.of(7, 9, 2));
 * const recorder = k.createRecorder(pool);
 * const kept = k.limitChoices(recorder, ids, { rows: 3, experts: 2, capacity: 2, keys });
 * recorder.submit();
 * const [values] = await k.download(device, [kept]);
 * device.close();
 * assertEquals([...values], [1, k.NO_ID, 1]);
 * ```
 */
export function limitChoices(recorder: Recorder, ids: Tensor, options: ChoiceLimit): Tensor {
  const { rows, experts, capacity, keys, label = "limit" } = options;
  const { pool } = recorder;
  const top = ids.shape[0] / rows;
  if (!Number.isInteger(top) || (keys && keys.shape[0] !== rows)) {
    throw new RangeError(
      `Cannot limit ${ids.shape[0]} choices of ${rows} rows` +
        (keys ? ` by ${keys.shape[0]} keys` : ""),
    );
  }
  const perRow = (recipe: ElementRecipe, tensors: Record<string, Tensor>) =>
    elements(recorder, recipe, { shape: [rows, 1], tensors });
  const ranks = keys && perRow(rankRecipe, { keys });
  const order = ranks && perRow(orderRecipe, { ranks });
  const line = elements(recorder, lineRecipe(order !== undefined), {
    shape: [top, rows],
    tensors: { ids, ...order && { order } },
    values: { top, experts },
  });
  // A choice of no expert stands in a line of its own.
  const groups = groupTokens(recorder, line, {
    ...{ experts: experts + 1, tileRows: rows * top, label },
  });
  const { places, offsets } = groups;
  const kept = elements(recorder, cutRecipe(ranks !== undefined), {
    shape: [rows, top],
    tensors: { ids, places, offsets, ...ranks && { ranks } },
    values: { experts, capacity },
    label,
  });
  pool.release(line, ...groupTensors(groups), ...ranks ? [ranks] : [], ...order ? [order] : []);
  return kept;
}
