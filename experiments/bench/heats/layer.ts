/**
 * The dropless layer against its products alone (what routing, sorting and combining cost), and its
 * backward pass against its forward.
 *
 * @module
 */
import { moeLayerBackward } from "../../../core/nn/moe_layer_backward.ts";
import {
  moeLayer,
  type MoeLayerOutput,
  type MoeLayerTensors,
  randomWeights,
  uploadWeights,
} from "../../../core/nn/moe_layer.ts";
import { gemm } from "../../../kernels/gemm/gemm.ts";
import { groupedGemm, groupedGemmSwiglu } from "../../../kernels/grouped_gemm/grouped_gemm.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import type { Tensor } from "../../../kernels/tensor.ts";
import { contenderOf, type Heat, type Operator, operatorId } from "../heat.ts";
import { fresh, type Ring } from "../ring.ts";

const TOKENS = 2048;
const GATE = { topK: 2, softmax: "after" } as const;
const SHAPE = {
  dModel: 512,
  dExpert: 512,
  experts: 8,
  topK: GATE.topK,
  sharedExperts: 0,
  sharedWidth: 0,
};

const { dModel: d, dExpert: f, experts: e, topK: k } = SHAPE;

/** FLOP of the layer's products: router, up (two planes) and down. */
const FLOPS = 2 * TOKENS * d * e + 6 * TOKENS * k * d * f;
/** Its input, its output and its weights. */
const BYTES = 4 * (2 * TOKENS * d + d * e + 3 * e * d * f);

/** A layer on the device, and what its gate chose. */
interface Prepared {
  x: Tensor;
  w: MoeLayerTensors;
  output: MoeLayerOutput;
}

function prepareLayer({ pool, kernels, fill, keep }: Ring): Prepared {
  const x = fill("x_TD", [TOKENS, d]);
  const w = uploadWeights(pool, SHAPE, randomWeights(SHAPE, 0));
  keep(...Object.values(w).filter((tensor) => tensor !== null));
  const recorder = createRecorder(pool);
  const output = moeLayer(recorder, x, { shape: SHAPE, gate: GATE, w, kernels });
  recorder.submit();
  keep(...output.tensors);
  return { x, w, output };
}

const shape = `T = ${TOKENS}, ${d} wide, top-${k} of ${e} experts of ${f}`;
const work = { flops: FLOPS, bytes: BYTES };

/** The whole layer. */
function forward({ x, w }: Prepared, { kernels }: Ring): Operator {
  const options = { shape: SHAPE, gate: GATE, w, kernels };
  return {
    name: "moe_layer",
    shape,
    work,
    prepare: () => (recorder) => moeLayer(recorder, fresh(x), options).tensors,
  };
}

/** The whole layer as a training runs it: what the gradients need is kept. */
function training({ x, w }: Prepared, { kernels }: Ring): Operator {
  const options = { shape: SHAPE, gate: GATE, w, kernels, keep: true };
  return {
    name: "moe_layer in training",
    shape,
    work,
    prepare: () => (recorder) => {
      const { tensors, saved } = moeLayer(recorder, fresh(x), options);
      return [...tensors, saved!.logits_TE, saved!.kept_2RF];
    },
  };
}

/** The layer's products, with a sort that was made before. */
function productsAlone({ x, w, output: { groups } }: Prepared, { kernels }: Ring): Operator {
  const variant = kernels.grouped;
  const expert = { groups, variant };
  return {
    name: "moe_layer products",
    shape,
    work,
    prepare: () => (r) => {
      const logits = gemm(r, fresh(x), {
        b: w.router_DE!,
        label: "router logits",
        variant: kernels.gemm,
      });
      const h = groupedGemmSwiglu(r, x, { ...expert, w: w.up_E2DF!, label: "expert up" });
      const y = groupedGemm(r, h, { ...expert, w: w.down_EFD!, label: "expert down" });
      return [logits, h, y];
    },
  };
}

/** The layer's gradients; the forward pass before it, which keeps what they need, is not timed. */
function backward({ x, w }: Prepared, { kernels }: Ring): Operator {
  const options = { shape: SHAPE, gate: GATE, w, kernels };
  return {
    name: "moe_layer backward",
    shape,
    // Both gradients of every product; the layer's tensors once more, and a gradient of each.
    work: { flops: 2 * FLOPS, bytes: 2 * BYTES },
    prepare({ fill }) {
      const dy = fill("dy_TD", [TOKENS, d]);
      return (recorder, begin) => {
        const forward = moeLayer(recorder, fresh(x), { ...options, keep: true });
        begin();
        const gradients = moeLayerBackward(recorder, fresh(dy), { ...options, forward });
        const ofWeights = Object.values(gradients.w).filter((tensor) => tensor !== null);
        return [...forward.tensors, gradients.dx_TD, ...ofWeights];
      };
    },
  };
}

/** The layer, its products alone, and its gradients. */
export const layerHeat: Heat = {
  id: "layer",
  family: "layer",
  says: `dropless layer, ${shape}`,
  prepare(ring) {
    const layer = prepareLayer(ring);
    const all = [forward, productsAlone, training, backward].map((make) => make(layer, ring));
    const [whole, products, kept, gradients] = all.map(operatorId);
    return {
      contenders: all.map((operator) => contenderOf(ring, operator)),
      contests: [
        {
          says: "dropless layer, forward, against its products alone",
          ours: whole,
          theirs: products,
          goal: { time: 1.15 },
        },
        {
          says: "dropless layer, backward against the forward of a training",
          ours: gradients,
          theirs: kept,
          goal: { time: 2.3 },
        },
      ],
    };
  },
};
