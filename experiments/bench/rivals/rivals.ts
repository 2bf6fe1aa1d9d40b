/**
 * Rivals from npm that multiply matrices: where they come from, what their process may do, and how
 * they are started. Each runs in a process of its own: its package is no dependency of the suite, and
 * a driver reads its settings once a process.
 *
 * @module
 */
import type { Goal } from "../heat.ts";
import { matmulModel } from "./matmul_model.ts";

/** A product C[n, n] = A B that can be made again and again. */
export interface RivalProduct {
  /** Makes the product once. */
  multiply(): Promise<void>;
  /** The numbers of the last product, row by row. */
  result(): Promise<ArrayLike<number>>;
}

/** A rival's package and how to use it. */
export interface Rival {
  /** The package with its version, as Deno imports it. */
  specifier: string;
  /** What it is. */
  says: string;
  /** Where it computes: on the CPU, or on the adapter through WebGPU. */
  on: "CPU" | "WebGPU";
  /** What its process may do. */
  permissions: readonly string[];
  /** Settings that it is tried with; the fastest is kept. */
  settings: readonly Readonly<Record<string, string>>[];
  /** Milliseconds that its threads go on spinning after a call, generously. */
  restMs: number;
  /** What our speed over its speed shall be, where there is a goal. */
  goal?: Goal;
  /** Makes it ready to multiply two matrices of `n` rows and columns. */
  open(
    module: unknown,
    input: { a: Float32Array; b: Float32Array; n: number },
  ): Promise<RivalProduct>;
}

/** The part of onnxruntime-common that is used. */
interface OnnxRuntime {
  InferenceSession: {
    create(model: Uint8Array): Promise<
      { run(feeds: Record<string, unknown>): Promise<{ c: { data: Float32Array } }> }
    >;
  };
  Tensor: new (type: "float32", data: Float32Array, dims: number[]) => unknown;
}

/** An array of jax-js; an operator takes its operands over, but for a `ref`. */
interface JaxArray {
  ref: JaxArray;
  blockUntilReady(): Promise<unknown>;
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** The part of jax-js that is used. */
interface Jax {
  init(): Promise<string[]>;
  defaultDevice(name: string): void;
  numpy: {
    array(data: Float32Array, options: { shape: number[] }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
  };
}

/** The rivals by name. */
export const rivals: Readonly<Record<string, Rival>> = {
  onnxruntime: {
    specifier: "npm:onnxruntime-node@1.30.0",
    says: "MatMul of ONNX Runtime on the CPU",
    on: "CPU",
    permissions: ["--allow-read", "--allow-ffi"],
    settings: [{}],
    restMs: 50,
    async open(module, { a, b, n }) {
      const { InferenceSession, Tensor } = module as OnnxRuntime;
      const session = await InferenceSession.create(matmulModel(n));
      const feeds = {
        a: new Tensor("float32", a, [n, n]),
        b: new Tensor("float32", b, [n, n]),
      };
      let last: ArrayLike<number> = [];
      return {
        async multiply() {
          last = (await session.run(feeds)).c.data;
        },
        result: () => Promise.resolve(last),
      };
    },
  },
  "jax-js": {
    specifier: "npm:@jax-js/jax@0.1.25",
    says: "matmul of jax-js on WebGPU",
    on: "WebGPU",
    permissions: [],
    settings: [{ LP_NATIVE_VECTOR_WIDTH: "256" }, { LP_NATIVE_VECTOR_WIDTH: "512" }],
    restMs: 0,
    goal: { speed: 5 },
    async open(module, { a, b, n }) {
      const { init, defaultDevice, numpy } = module as Jax;
      const devices = await init();
      if (!devices.includes("webgpu")) {
        throw new Error(`it found no WebGPU, only ${devices.join(", ")}`);
      }
      defaultDevice("webgpu");
      const [x, y] = [a, b].map((data) => numpy.array(data, { shape: [n, n] }));
      let last: JaxArray | undefined;
      return {
        async multiply() {
          last?.dispose();
          last = numpy.matmul(x.ref, y.ref);
          await last.blockUntilReady();
        },
        result: () => last!.ref.data(),
      };
    },
  },
};
