/**
 * Soft experts (Soft MoE, arXiv 2308.00951, section 2.1): experts read mixtures of the tokens of a
 * sequence, the slots, and tokens get mixtures of what slots give.
 *
 *     in[g, s]  = sum over the tokens t of sequence g of mix[t, s] x[t]
 *     out[g, s] = expert floor(s / perExpert) of in[g, s]
 *     y[t]      = sum over the slots of the token's sequence of combine[t, s] out[g, s]
 *
 * Both mixtures are grouped products, the sequences being the groups.
 *
 * @module
 */
import {
  groupedGemm,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
  groupEqually,
  groupTensors,
  type KernelChoice,
} from "../../kernels/mod.ts";
import { type ExpertNetworks, groupedExperts } from "./experts.ts";
import type { Tape, Variable } from "./tape.ts";
import { stackedRows, viewOf } from "./views.ts";

/** How slots lie. */
export interface SlotOptions {
  /** Tokens of a sequence. */
  length: number;
  /** Kernel variants. */
  kernels: KernelChoice;
}

const segments = (tape: Tape, rows: number, { length, kernels }: SlotOptions) =>
  groupEqually(tape.recorder, {
    ...{ rows, experts: rows / length, perExpert: length, tileRows: kernels.grouped.rows },
  });

/** What slots read: the rows of [G, S, D], those of a sequence padded to a multiple of 8. */
function mixIntoSlots(
  tape: Tape,
  x: Variable,
  options: SlotOptions & { mix: Variable },
): Variable {
  const { mix, length, kernels } = options;
  const { recorder } = tape;
  const [tokens, width] = x.value.shape;
  const groups = segments(tape, tokens, options);
  const rows = { groups, variant: kernels.grouped };
  const sums = { groups, variant: kernels.weightGrad };
  const shape = [tokens / length, mix.value.shape[1], width];
  const slots = groupedGemmWeightGrad(recorder, mix.value, {
    ...{ ...sums, dc: x.value, label: "slots in" },
  });
  return tape.variable(stackedRows(viewOf(slots, shape)), (d) => {
    const dslots = viewOf(d, shape);
    const dmix = groupedGemmInputGrad(recorder, x.value, {
      ...{ ...rows, w: dslots, label: "slots in dmix" },
    });
    const dx = groupedGemm(recorder, mix.value, { ...rows, w: dslots, label: "slots in dx" });
    recorder.pool.release(d, ...groupTensors(groups));
    tape.addGrad(mix, dmix);
    tape.addGrad(x, dx);
  }, groupTensors(groups));
}

/** What tokens get of slots, [T, D]. */
function mixFromSlots(
  tape: Tape,
  slots: Variable,
  options: SlotOptions & { combine: Variable },
): Variable {
  const { combine, length, kernels } = options;
  const { recorder } = tape;
  const [tokens, count] = combine.value.shape;
  const groups = segments(tape, tokens, options);
  const rows = { groups, variant: kernels.grouped };
  const sums = { groups, variant: kernels.weightGrad };
  const w = viewOf(slots.value, [tokens / length, count, slots.value.shape[1]]);
  const y = groupedGemm(recorder, combine.value, { ...rows, w, label: "slots out" });
  return tape.variable(y, (dy) => {
    const dcombine = groupedGemmInputGrad(recorder, dy, {
      ...{ ...rows, w, label: "slots out dcombine" },
    });
    const dslots = groupedGemmWeightGrad(recorder, combine.value, {
      ...{ ...sums, dc: dy, label: "slots out dx" },
    });
    recorder.pool.release(dy, ...groupTensors(groups));
    tape.addGrad(combine, dcombine);
    tape.addGrad(slots, viewOf(dslots, slots.value.shape));
  }, groupTensors(groups));
}

/**
 * y[T, D] of soft experts over x[T, D], with mix and combine [T, S], S = E * perExpert.
 *
 * @throws {RangeError} where the slots are not those of the experts, or sequences not the tokens.
 */
export function slotExperts(
  tape: Tape,
  x: Variable,
  options: ExpertNetworks & SlotOptions & {
    mix: Variable;
    combine: Variable;
    /** Slots of an expert. */
    perExpert: number;
  },
): Variable {
  const { mix, length, perExpert, up, kernels } = options;
  const [experts] = up.value.shape;
  const [tokens, slots] = mix.value.shape;
  if (slots !== experts * perExpert || tokens % length !== 0) {
    throw new RangeError(
      `Cannot give ${slots} slots of ${tokens} tokens to ${experts} experts: wanted ${perExpert} each, ` +
        `and sequences of ${length}`,
    );
  }
  const inputs = mixIntoSlots(tape, x, options);
  const [rows] = inputs.value.shape;
  const groups = groupEqually(tape.recorder, {
    ...{ rows, experts, perExpert, pitch: rows / (tokens / length) },
    tileRows: kernels.grouped.rows,
  });
  const outputs = groupedExperts(tape, inputs, { ...options, groups, topK: 1 });
  return mixFromSlots(tape, outputs, options);
}
