/**
 * OpenBLAS, the rival of the dense product: a matrix library for CPUs that most numerical programs
 * use. It is loaded where the system has it and never needed.
 *
 * @module
 */

/** Debian's name of the library; its ABI is that of version 0.3. */
const LIBRARY = "libopenblas.so.0";

/** Why there is no rival, and how to get one. */
export const openBlasHint: string =
  `${LIBRARY} is not installed: apt-get install libopenblas0-pthread`;

/** The library, loaded. */
export interface OpenBlas {
  /** What it says of itself: version, options, the kind of core it chose its kernels for. */
  config: string;
  /** Threads that it uses. */
  threads: number;
  /** C[m, n] = A[m, k] B[k, n], row by row, f32, into `c`. */
  sgemm(
    a: Float32Array<ArrayBuffer>,
    b: Float32Array<ArrayBuffer>,
    options: { c: Float32Array<ArrayBuffer>; m: number; n: number; k: number },
  ): void;
  /** Unloads the library. */
  close(): void;
}

/** Values of the enumerations in cblas.h. */
const [ROW_MAJOR, NO_TRANSPOSE] = [101, 111];

const symbols = {
  cblas_sgemm: {
    // order, transposes, sizes, alpha, A and its pitch, B and its pitch, beta, C and its pitch
    parameters: [
      ...["i32", "i32", "i32", "i32", "i32", "i32", "f32"] as const,
      ...["buffer", "i32", "buffer", "i32", "f32", "buffer", "i32"] as const,
    ],
    result: "void",
  },
  openblas_get_config: { parameters: [], result: "pointer" },
  openblas_get_num_threads: { parameters: [], result: "i32" },
} as const;

/**
 * Loads OpenBLAS, or gives `undefined` where the system has none.
 *
 * @throws {Deno.errors.NotCapable} where Deno may not load native libraries.
 */
export function openBlas(): OpenBlas | undefined {
  let library: Deno.DynamicLibrary<typeof symbols>;
  try {
    library = Deno.dlopen(LIBRARY, symbols);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
  const { cblas_sgemm, openblas_get_config, openblas_get_num_threads } = library.symbols;
  const config = openblas_get_config();
  return {
    config: config ? new Deno.UnsafePointerView(config).getCString().trim() : "OpenBLAS",
    threads: openblas_get_num_threads(),
    sgemm(a, b, { c, m, n, k }) {
      const sizes = [m, n, k] as const;
      // deno-fmt-ignore
      cblas_sgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, ...sizes, 1, a, k, b, n, 0, c, n);
    },
    close: () => library.close(),
  };
}
