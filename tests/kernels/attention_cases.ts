/** What the tests of attention share: a case, recorded in both directions and checked by the oracle. */
import {
  attention,
  attentionBackward,
  attentionBackwardOracle,
  type AttentionOptions,
  attentionOracle,
  type Pool,
  type Recorder,
} from "../../kernels/mod.ts";
import { assertClose, numbers } from "./compare.ts";
import type { Recorded, StorageCase } from "./slopes.ts";

/** What a case says of a call, with plain numbers. */
export interface Case extends Omit<AttentionOptions, "sink"> {
  sequences: number;
  dqk: number;
  dv: number;
  sinks?: boolean;
  /** Spread of queries and keys. */
  spread?: number;
  forwardOnly?: boolean;
}

/** Parts of an oracle's input, by name. */
export type Inputs = Record<string, ArrayLike<number>>;

/** Records a case, both directions unless it is `forwardOnly`, and checks it against the oracle. */
export function record(
  pool: Pool,
  recorder: Recorder,
  c: Case & { storage: StorageCase },
): Recorded {
  const { sequences, length, heads, kvHeads = heads, dqk, dv, spread = 1, storage, sinks } = c;
  const tokens = sequences * length;
  const name = `${sequences}x${length} ${heads}/${kvHeads} ${dqk}/${dv}`;
  const host = {
    q: storage.host(numbers(`q ${name}`, tokens * heads * dqk, spread)),
    k: storage.host(numbers(`k ${name}`, tokens * kvHeads * dqk, spread)),
    v: storage.host(numbers(`v ${name}`, tokens * kvHeads * dv)),
    grad: storage.host(numbers(`grad ${name}`, tokens * heads * dv)),
  };
  const sink = sinks ? numbers(`sink ${name}`, heads) : undefined;
  const tensors = {
    q: pool.upload("q", [tokens, heads * dqk], host.q),
    k: pool.upload("k", [tokens, kvHeads * dqk], host.k),
    v: pool.upload("v", [tokens, kvHeads * dv], host.v),
    grad: pool.upload("grad", [tokens, heads * dv], host.grad),
  };
  const options = { ...c, sink: sink && pool.upload("sink", [heads], sink) };
  const { o, lse } = attention(recorder, tensors, options);
  const back = c.forwardOnly
    ? []
    : Object.values(attentionBackward(recorder, { ...tensors, o, lse }, options));
  const x = { ...host, sink };
  const g = { ...c, tokens };
  return {
    tensors: [o, lse, ...back],
    check(values) {
      const forward = attentionOracle(x, g);
      const backward = attentionBackwardOracle(x, g);
      const { tolerance, gradientTolerance, stored } = storage;
      const what = (part: string) => `${part} of ${JSON.stringify({ ...c, storage: undefined })}`;
      assertClose(values[0], stored(forward.o), { what: what("o"), tolerance });
      assertClose(values[1], forward.lse, { what: what("lse"), tolerance: 1e-5 });
      const gradients = [backward.dq, backward.dk, backward.dv, backward.dsink];
      values.slice(2).forEach((got, i) =>
        assertClose(got, stored(gradients[i]), {
          what: what(["dq", "dk", "dv", "dsink"][i]),
          tolerance: gradientTolerance,
        })
      );
    },
  };
}

/** Leaves NaN in buffers that the pool hands out again. */
export function soil(pool: Pool): void {
  const nan = (n: number) => pool.upload("nan", [n], new Float32Array(n).fill(NaN));
  pool.release(...Array.from({ length: 12 }, (_, i) => nan(4096 * (1 + i % 6))));
}
