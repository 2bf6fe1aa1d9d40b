/**
 * The conformance subset on a device of one's choice, in a process of its own: `--gpu dawn` takes
 * another provider, `--icd FILE` another Vulkan driver, `--icd swiftshader` the one that Chromium
 * brings. Ends with 77 where that driver is not there, as test programs do that cannot run.
 */
import { parseArgs } from "node:util";
import { openDevice } from "../../../kernels/device.ts";
import { parseProvider } from "../../../kernels/provider/provider.ts";
import { runCases } from "./case.ts";
import { cases } from "./cases.ts";
import { matrixShaderErrors } from "./matrix_shaders.ts";

/** Where Debian and Ubuntu put the driver that comes with Chromium. */
const swiftShader = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"]
  .map((folder) => `${folder}/vk_swiftshader_icd.json`);

/** Exit code of a test that cannot run here. */
const SKIPPED = 77;

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const { values } = parseArgs({
  args: Deno.args,
  options: { gpu: { type: "string", default: "deno" }, icd: { type: "string" } },
});
if (values.icd !== undefined) {
  const paths = values.icd === "swiftshader" ? swiftShader : [values.icd];
  const path = paths.find(isFile);
  if (path === undefined) {
    console.log(`Conformance did not run: there is no ${paths.join(" or ")}`);
    Deno.exit(SKIPPED);
  }
  Deno.env.set("VK_ICD_FILENAMES", path);
}
const device = await openDevice({ provider: parseProvider(values.gpu) }).catch((error: Error) => {
  console.log(`Conformance failed: ${error.message}`);
  Deno.exit(1);
});
const started = performance.now();
const failures = await runCases(device, cases);
if (values.gpu === "dawn") failures.push(...await matrixShaderErrors());
const seconds = ((performance.now() - started) / 1000).toFixed(1);
for (const { name, error } of failures) console.log(`FAILED ${name}: ${error.message}`);
console.log(
  `Conformance on ${device.adapter.description}, ${device.subgroupSize} lanes: ` +
    `${cases.length} cases, ${failures.length} failed (${seconds} s)`,
);
device.close();
Deno.exit(failures.length === 0 ? 0 : 1);
