/**
 * The kernels for matrix units, as Dawn's compiler judges them: its device without hardware has all
 * features, so that the text is checked on machines that could not run it.
 */
import { MATRIX_FEATURE } from "../../../kernels/device.ts";
import { subgroupMatrixShader } from "../../../kernels/gemm/subgroup_matrix_shader.ts";
import { createDawn } from "../../../kernels/provider/dawn.ts";

const shapes = [[8, 8, 8], [8, 16, 16], [16, 8, 8], [16, 16, 16]];

/** Errors by shape; none where all compile. */
export async function matrixShaderErrors(): Promise<{ name: string; error: Error }[]> {
  const entry = await createDawn(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = await entry.requestAdapter();
  const requiredFeatures = ["subgroups", "shader-f16", MATRIX_FEATURE] as GPUFeatureName[];
  const gpu = await adapter!.requestDevice({ requiredFeatures });
  const failures: { name: string; error: Error }[] = [];
  for (const [m, n, k] of shapes) {
    const config = { component: "f16", result: "f32", m, n, k };
    gpu.pushErrorScope("validation");
    const code = "enable subgroups;\n" + subgroupMatrixShader(config, 32);
    const module = gpu.createShaderModule({ code });
    gpu.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
    const error = await gpu.popErrorScope();
    if (error) {
      failures.push({ name: `matrix units ${m}x${n}x${k}`, error: new Error(error.message) });
    }
  }
  gpu.destroy();
  return failures;
}
