/** What two experts say of text of two domains, each of which one of them knows. */
import type { FuserText } from "../../../experiments/fusion/fusers.ts";
import { split } from "../../../kernels/base/random.ts";

/** Token ids. */
const VOCABULARY = 3;

/** Sequences in turn of domain 0 and 1; the expert of its number gives the right token a chance of 0.8. */
export function specialists(
  { sequences, length, seed }: { sequences: number; length: number; seed: number },
): FuserText {
  const stream = split(seed, "specialists");
  const tokens = sequences * length;
  const targets = Uint32Array.from({ length: tokens }, () => stream.int(0, VOCABULARY - 1));
  const tags = targets.map((_, t) => Math.floor(t / length) % 2);
  // Who does not know a domain is sure of the wrong token there, and not as sure as who knows it.
  const rows = [...targets].flatMap((target, t) =>
    [0, 1].map((e) => {
      const right = tags[t] === e;
      const wrong = (target + 1) % VOCABULARY;
      return Array.from({ length: VOCABULARY }, (_, v) => {
        if (right) return v === target ? 0.8 : 0.1;
        return v === wrong ? 0.6 : 0.2;
      });
    })
  );
  return {
    ...{ experts: 2, length },
    said: {
      batch: { ids: targets, targets, before: targets, tags },
      predictions: Float32Array.from(rows.flat()),
      losses_TE: Float64Array.from(rows, (row, i) => -Math.log(row[targets[Math.floor(i / 2)]])),
    },
  };
}
