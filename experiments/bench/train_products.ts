/**
 * The matrix products of a training step by themselves, one behind the other: what a step would take
 * if nothing else had to be done.
 *
 * Each has operands of its own, in the state that a step finds them in (mirrored or just written), as
 * the sweeps of a profile prepare them; rows are dealt to experts evenly.
 *
 * @module
 */
import { lowerTrainingStep } from "../../core/spec/lower_training.ts";
import type { Model } from "../../core/spec/model.ts";
import { type AnyOp, flops, type OpKind, productKinds } from "../../kernels/base/op.ts";
import type { RecordedPart } from "../../kernels/profile/recordings.ts";
import type { Dims, Prepared } from "../../kernels/profile/sweep.ts";
import { sweepsOf } from "../../kernels/profile/sweeps/sweeps.ts";
import type { Pool, Tensor } from "../../kernels/tensor.ts";
import type { KernelChoice } from "../../kernels/tune.ts";

/** Products, ready to be recorded. */
export interface StepProducts {
  /** FLOP of all. */
  flops: number;
  /** How many. */
  count: number;
  /** Records all. */
  record: RecordedPart;
  /** Their operands, to be released. */
  operands(): Tensor[];
}

/** Dimensions as the sweep of an op's kind has them: planes are columns, or inner size. */
function sweptDims({ kind, dims }: AnyOp): Dims {
  const { planes = 1, ...rest } = dims as unknown as Dims;
  const { n, k } = rest;
  const [columns, inner] = kind.endsWith("_tn") ? [planes * n, k] : [n, planes * k];
  return { ...rest, n: columns, k: inner, evenly: 1 };
}

/** The products of a training step over `tokens` tokens. */
export function stepProducts(
  pool: Pool,
  model: Model,
  options: { tokens: number; kernels: KernelChoice },
): StepProducts {
  const { tokens, kernels } = options;
  const ops = Object.values(lowerTrainingStep(model, tokens)).flat()
    .filter(({ kind }) => productKinds.includes(kind));
  const sweeps = Object.fromEntries(
    sweepsOf(ops.map(({ kind }) => kind), { device: pool.device, kernels })
      .map((sweep) => [sweep.kind, sweep]),
  );
  // The second product of a name has other operands than the first, as another layer's has.
  const stages = new Map<string, Prepared>();
  const stageOf = (kind: OpKind, time: number): Prepared => {
    const key = `${kind} ${time}`;
    if (!stages.has(key)) stages.set(key, sweeps[kind].prepare(pool));
    return stages.get(key)!;
  };
  const times = new Map<string, number>();
  const recorded = ops.map((one) => {
    const name = one.name ?? one.kind;
    const time = times.get(name) ?? 0;
    times.set(name, time + 1);
    return { stage: stageOf(one.kind, time), dims: sweptDims(one), name };
  });
  return {
    flops: ops.reduce((sum, one) => sum + flops(one), 0),
    count: ops.length,
    record(recorder) {
      for (const { stage, dims, name } of recorded) {
        recorder.pool.release(...stage.record(recorder, dims, name));
      }
    },
    operands: () => [...stages.values()].flatMap(({ inputs }) => inputs),
  };
}
