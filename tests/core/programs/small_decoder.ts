/** A decoder small enough for differences on the host, and batches of a rule that it can learn. */
import { split } from "../../../kernels/base/random.ts";
import type { ProgramBatch } from "../../../core/programs/program.ts";

/** Sizes. */
export const small = {
  ...{ vocabulary: 7, dModel: 8, heads: 2, hidden: 8, layers: 2, sequences: 4, length: 8 },
  ...{ experts: 4, steps: 50 },
};

/** Sequences that begin anywhere and go on by one of some steps: most next tokens can be told. */
export function ruleBatch(seed: number, step = 0, by: readonly number[] = [1, 2]): ProgramBatch {
  const stream = split(seed, `rule/${step}`);
  const { sequences, length, vocabulary } = small;
  const text = Array.from({ length: sequences }, () => {
    const [first, go] = [stream.int(0, vocabulary - 1), by[stream.int(0, by.length - 1)]];
    return Array.from({ length: length + 1 }, (_, t) => (first + go * t) % vocabulary);
  });
  return {
    tokens: Uint32Array.from(text.flatMap((one) => one.slice(0, length))),
    targets: Uint32Array.from(text.flatMap((one) => one.slice(1))),
  };
}
