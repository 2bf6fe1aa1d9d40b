/**
 * A model in another shape: more or fewer experts, layers, width.
 *
 * @module
 */
import type { AttentionSpec, Model, MoeSpec } from "../../core/spec/model.ts";

/** A change of a model's shape; nothing where no whole numbers come out. */
export type ShapeChange = (model: Model, factor: number) => Model | undefined;

const whole = (...numbers: number[]) => numbers.every((n) => Number.isSafeInteger(n) && n >= 1);

function withMoe(model: Model, change: (moe: MoeSpec) => Partial<MoeSpec>): Model | undefined {
  const { moe } = model;
  if (!moe || moe.placement.kind === "pyramid") return undefined;
  const changed = { ...moe, ...change(moe) };
  const { experts, topK, width, router: { limit } } = changed;
  const grouped = limit === undefined || whole(experts / limit.groups);
  return whole(experts, topK, width) && topK <= experts && grouped
    ? { ...model, moe: changed }
    : undefined;
}

/**
 * Experts cut `factor` times finer: as many parameters and as many of them active, in `factor` times
 * the experts, of which a token uses `factor` times as many.
 */
export const finer: ShapeChange = (model, factor) =>
  withMoe(model, ({ experts, topK, width }) => ({
    experts: experts * factor,
    topK: topK * factor,
    width: width / factor,
  }));

/** `factor` times the experts, of which a token uses as many as before. */
export const sparser: ShapeChange = (model, factor) =>
  withMoe(model, ({ experts }) => ({ experts: experts * factor }));

/** `factor` times the layers. Experts in named layers have no meaning in another number of them. */
export const deeper: ShapeChange = (model, factor) => {
  const layers = model.layers * factor;
  const placed = model.moe?.placement.kind;
  if (!whole(layers) || placed === "list" || placed === "pyramid") return undefined;
  return { ...model, layers };
};

function widerAttention(a: AttentionSpec, factor: number): AttentionSpec | undefined {
  const heads = a.heads * factor;
  if (!whole(heads)) return undefined;
  if (a.kind === "mla") {
    const [qRank, kvRank] = [a.qRank * factor, a.kvRank * factor];
    return whole(kvRank) && Number.isSafeInteger(qRank)
      ? { ...a, heads, qRank, kvRank }
      : undefined;
  }
  if (a.kind === "mha") return { ...a, heads };
  const kvHeads = a.kvHeads * factor;
  return whole(kvHeads) ? { ...a, heads, kvHeads } : undefined;
}

/** `factor` times the model width, the heads of attention, and the width of every network. */
export const wider: ShapeChange = (model, factor) => {
  const attention = widerAttention(model.attention, factor);
  const { ffn, moe } = model;
  const widened = {
    ...(ffn && { ffn: { ...ffn, width: ffn.width * factor } }),
    ...(moe && {
      moe: {
        ...moe,
        width: moe.width * factor,
        ...(moe.shared && { shared: { ...moe.shared, width: moe.shared.width * factor } }),
        ...(moe.denseBeside &&
          { denseBeside: { ...moe.denseBeside, width: moe.denseBeside.width * factor } }),
      },
    }),
  };
  const dModel = model.dModel * factor;
  const widths = [dModel, widened.ffn?.width ?? 1, widened.moe?.width ?? 1];
  return attention && whole(...widths) ? { ...model, ...widened, attention, dModel } : undefined;
};
