/**
 * The part of the language on the device that computes chosen experts alone: choices are sorted by
 * expert, and products run over the rows of each, whoever has how many. Nothing is read back.
 *
 * One sort serves all products of a choice.
 *
 * @module
 */
import {
  combine,
  elementRecipes,
  elements,
  groupedGemm,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
  groupTensors,
  groupTokens,
  type Tensor,
  type TokenGroups,
} from "../../kernels/mod.ts";
import type { Variable } from "../nn/tape.ts";
import type { Arrays, ChosenExperts, Shape } from "./arrays.ts";
import { type DeviceScope, idShapeOf, matrixShapeOf } from "./device_scope.ts";
import { type Bank, bankOf, type Lies, matrixOf } from "./expert_banks.ts";

/** What {@linkcode deviceExperts} gives. */
export type DeviceExperts = Pick<
  Arrays<Variable, Tensor>,
  "expertRows" | "intoExperts" | "outOfExperts"
>;

type Chosen = ChosenExperts<Tensor>;

/** Sorts each choice once. */
function sorter({ tape, recorder, kernels }: DeviceScope) {
  const known = new Map<Tensor, Map<number, TokenGroups>>();
  return ({ ids, experts }: Chosen): { groups: TokenGroups; shape: Shape } => {
    const shape = idShapeOf(ids);
    const sorted = known.get(ids) ?? new Map<number, TokenGroups>();
    known.set(ids, sorted);
    const before = sorted.get(experts);
    if (before) return { groups: before, shape };
    const tileRows = kernels.grouped.rows;
    const groups = groupTokens(recorder, ids, { experts, tileRows, topK: shape[1] });
    tape.keep(...groupTensors(groups));
    sorted.set(experts, groups);
    return { groups, shape };
  };
}

function requireFit(what: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.join() === wanted.join()) return;
  throw new RangeError(
    `Gave chosen experts ${what} [${found.join(", ")}], wanted [${wanted.join(", ")}]`,
  );
}

/** The functions, on a scope. */
export function deviceExperts(scope: DeviceScope): DeviceExperts {
  const { tape, recorder, kernels } = scope;
  const { pool } = recorder;
  const sortedBy = sorter(scope);

  /** Weights as a bank, which the tape keeps until it has gone back. */
  function bank(w: Variable, experts: number, lies: Lies): Bank["w"] {
    const shape = matrixShapeOf(w);
    const parts = shape[lies === "beside" ? 1 : 0];
    if (parts % experts !== 0) {
      throw new RangeError(`Cut ${parts} into the weights of ${experts} experts`);
    }
    const { w: made, made: own } = bankOf(recorder, w.value, { lies, experts });
    if (own) tape.keep(made);
    return made;
  }

  return {
    expertRows(a, chosen) {
      const { groups, shape: [tokens, k] } = sortedBy(chosen);
      requireFit("numbers", matrixShapeOf(a), [tokens, k]);
      const column = (x: Tensor, shape: Shape) =>
        elements(recorder, elementRecipes.reshape, { shape, tensors: { x } });
      const named = (x: Tensor, ids: Tensor) =>
        elements(recorder, elementRecipes.rows, { shape: [tokens * k, 1], tensors: { x, ids } });
      const flat = column(a.value, [tokens * k, 1]);
      const value = named(flat, groups.rowIds);
      pool.release(flat);
      // Each choice has one row at the most: the gradient is what stands there.
      return scope.madeOf(value, a, (dy) => {
        const back = named(dy, groups.places);
        if (k === 1) return back;
        const grad = column(back, [tokens, k]);
        pool.release(back);
        return grad;
      });
    },

    intoExperts(x, w, chosen) {
      const { groups, shape: [tokens, topK] } = sortedBy(chosen);
      const rows = { groups, variant: kernels.grouped };
      const own = bank(w, chosen.experts, "beside");
      requireFit("tokens", matrixShapeOf(x), [tokens, own.shape[1]]);
      const value = groupedGemm(recorder, x.value, {
        ...{ ...rows, w: own, gather: true, label: "into experts" },
      });
      return scope.made(value, [x, w], (dh) => {
        if (!x.fixed) {
          const dRows = groupedGemmInputGrad(recorder, dh, {
            ...{ ...rows, w: own, label: "into experts dx" },
          });
          tape.addGrad(x, combine(recorder, dRows, { places: groups.places, topK }));
          pool.release(dRows);
        }
        if (!w.fixed) {
          const dw = groupedGemmWeightGrad(recorder, x.value, {
            ...{ groups, variant: kernels.weightGrad, dc: dh, gather: "a" },
            label: "into experts dw",
          });
          const shape = matrixShapeOf(w);
          tape.addGrad(w, matrixOf(recorder, dw, { lies: "beside", shape }));
        }
        pool.release(dh);
      });
    },

    outOfExperts(h, w, chosen) {
      const { groups, shape: [tokens, topK] } = sortedBy(chosen);
      const rows = { groups, variant: kernels.grouped };
      const own = bank(w, chosen.experts, "below");
      requireFit("rows", matrixShapeOf(h), [tokens * topK, own.shape[1]]);
      const out = groupedGemm(recorder, h.value, { ...rows, w: own, label: "out of experts" });
      const value = combine(recorder, out, { places: groups.places, topK });
      pool.release(out);
      return scope.made(value, [h, w], (dy) => {
        if (!h.fixed) {
          const dh = groupedGemmInputGrad(recorder, dy, {
            ...{ ...rows, w: own, gather: true, label: "out of experts dx" },
          });
          tape.addGrad(h, dh);
        }
        if (!w.fixed) {
          const dw = groupedGemmWeightGrad(recorder, h.value, {
            ...{ groups, variant: kernels.weightGrad, dc: dy, gather: "b" },
            label: "out of experts dw",
          });
          const shape = matrixShapeOf(w);
          tape.addGrad(w, matrixOf(recorder, dw, { lies: "below", shape }));
        }
        pool.release(dy);
      });
    },
  };
}
