/**
 * Normalisations and softmax of rows, forward and backward.
 *
 * @module
 */
import { normBackward } from "../../../kernels/norm/backward.ts";
import type { NormKind } from "../../../kernels/norm/kinds.ts";
import { norm } from "../../../kernels/norm/norm.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { softmax, softmaxBackward } from "../../../kernels/softmax/softmax.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import { D, MATRIX, OF_COPY, perElement, SIZE, tensorsOf } from "./sizes.ts";

/** A normalisation with a gamma: x in, y out; back, x and dy in, dx out. */
const normPair = (name: string, kind: NormKind): Operator[] => [
  {
    name,
    shape: SIZE,
    work: perElement({ flops: 4, moved: 2 }),
    ofCopy: OF_COPY,
    prepare({ fill }) {
      const [x, gamma] = [fill("x", MATRIX), fill("gamma", [D])];
      return (r) => tensorsOf(norm(r, x, { kind, gamma }));
    },
  },
  {
    name: `${name} backward`,
    shape: SIZE,
    work: perElement({ flops: 10, moved: 3 }),
    ofCopy: OF_COPY,
    prepare({ pool, fill, keep }) {
      const [x, dy, gamma] = [fill("x", MATRIX), fill("dy", MATRIX), fill("gamma", [D])];
      const recorder = createRecorder(pool);
      const normed = norm(recorder, x, { kind, gamma });
      recorder.submit();
      keep(...tensorsOf(normed));
      return (r) => tensorsOf(normBackward(r, dy, { kind, x, normed, gamma }));
    },
  },
];

const operators: readonly Operator[] = [
  ...normPair("rms_norm", "rms"),
  ...normPair("layer_norm", "layer"),
  {
    name: "softmax",
    shape: SIZE,
    work: perElement({ flops: 5, moved: 2 }),
    ofCopy: OF_COPY,
    prepare({ fill }) {
      const x = fill("x", MATRIX);
      return (r) => tensorsOf(softmax(r, x));
    },
  },
  {
    name: "softmax backward",
    shape: SIZE,
    work: perElement({ flops: 4, moved: 3 }),
    ofCopy: OF_COPY,
    prepare({ fill }) {
      const [y, dy] = [fill("y", MATRIX), fill("dy", MATRIX)];
      return (r) => [softmaxBackward(r, dy, { y })];
    },
  },
];

/** RMSNorm, LayerNorm and softmax. */
export const normHeat: Heat = operatorHeat({
  id: "norm",
  family: "rows",
  says: `normalisations and softmax of ${SIZE}, forward and backward`,
  operators: () => operators,
});
