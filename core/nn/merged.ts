/**
 * Experts that are merged into one network for each segment of tokens (SMEAR, arXiv 2306.03745,
 * section 3; Lory, arXiv 2405.03133, section 2.2).
 *
 * The merged weights are a product: weights [S, E] times the bank as a matrix of E rows. Each segment's
 * tokens then pass their own network, a grouped product whose groups are the segments.
 *
 * @module
 */
import { copyTensor, gemm, groupEqually, type KernelChoice, PAD } from "../../kernels/mod.ts";
import { type ExpertNetworks, groupedExperts } from "./experts.ts";
import type { Tape, Variable } from "./tape.ts";
import { bankOf, flatRows } from "./views.ts";

/** The bank [S, ...] of the sums over E of weights [S, E] times bank [E, ...]. */
export function mergeBank(
  tape: Tape,
  bank: Variable,
  options: { weights: Variable; kernels: KernelChoice; label: string },
): Variable {
  const { weights, kernels, label } = options;
  const { recorder } = tape;
  const entry = bank.value.shape.slice(1);
  const b = flatRows(bank.value);
  const merged = gemm(recorder, weights.value, { b, label, variant: kernels.gemm });
  return tape.variable(bankOf(merged, entry), (grad) => {
    // Products that read a matrix as a row read its padding rows as well: a copy has zeros there.
    const padded = entry[entry.length - 2] % PAD !== 0;
    const whole = padded ? copyTensor(recorder, grad, { label: `${label} gradient` }) : grad;
    const d = flatRows(whole);
    const dweights = gemm(recorder, d, {
      ...{ b, transposeB: true, label: `${label} dweights`, variant: kernels.transposed },
    });
    const dbank = gemm(recorder, weights.value, {
      ...{ b: d, transposeA: true, label: `${label} dw`, variant: kernels.weightGrad },
    });
    recorder.pool.release(grad, ...(padded ? [whole] : []));
    tape.addGrad(weights, dweights);
    tape.addGrad(bank, bankOf(dbank, entry));
  });
}

/**
 * y[T, D] = residual + the network that each segment of `length` tokens merged for itself, of x[T, D].
 *
 * @throws {RangeError} where the weights are not those of the segments and experts.
 */
export function mergedExperts(
  tape: Tape,
  x: Variable,
  options: ExpertNetworks & {
    /** Weights [T / length, E] of the experts' parameters. */
    weights: Variable;
    /** Tokens of a segment. */
    length: number;
    /** Added to the result [T, D]. */
    residual?: Variable;
  },
): Variable {
  const { weights, length, up, down, kernels } = options;
  const [rows] = x.value.shape;
  const [segments, experts] = weights.value.shape;
  if (segments * length !== rows || experts !== up.value.shape[0]) {
    throw new RangeError(
      `Cannot merge ${up.value.shape[0]} experts for ${rows} tokens: found weights ` +
        `[${segments}, ${experts}], wanted one row for each ${length} tokens`,
    );
  }
  const by = { weights, kernels };
  const merged = {
    up: mergeBank(tape, up, { ...by, label: "merge up" }),
    down: mergeBank(tape, down, { ...by, label: "merge down" }),
  };
  const groups = groupEqually(tape.recorder, {
    ...{ rows, experts: segments, perExpert: length, tileRows: kernels.grouped.rows },
  });
  const { activation, residual } = options;
  return groupedExperts(tape, x, { ...merged, activation, residual, kernels, groups, topK: 1 });
}
