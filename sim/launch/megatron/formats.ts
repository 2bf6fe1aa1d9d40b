/**
 * Number formats of a plan as Megatron-LM is told them.
 *
 * @module
 */
import type { Precision } from "../../plan/plan.ts";
import type { PlanInput } from "../../plan/plan_input.ts";
import { settingOf, type Settings } from "../settings.ts";
import type { LaunchInput, Refuse } from "../types.ts";
import { planArguments as known } from "./arguments.ts";

/** Devices that scale blocks of FP8 in kernels of their own; later ones have MXFP8 instead. */
const hopper = /^h(20|100|200|800)\b/;

/** The arguments of a precision on a device, undefined where there are none. */
export function precisionSettings(precision: Precision, device: string): Settings | undefined {
  const none = { "--bf16": false, "--fp16": false };
  const narrow = { ...none, "--bf16": true };
  switch (precision) {
    case "fp32":
      return none;
    case "bf16":
      return narrow;
    case "fp16":
      return { ...none, "--fp16": true };
    case "fp8":
      return {
        ...narrow,
        ...(hopper.test(device)
          ? { "--fp8-format": "e4m3", "--fp8-recipe": "blockwise" }
          : { "--fp8-format": "hybrid", "--fp8-recipe": "tensorwise" }),
      };
    case "mxfp8":
      return { ...narrow, "--fp8-format": "e4m3", "--fp8-recipe": "mxfp8" };
    case "fp4":
      return { ...narrow, "--fp4-format": "e2m1", "--fp4-recipe": "nvfp4" };
    default:
      return undefined;
  }
}

function gathered({ plan }: LaunchInput, refuse: Refuse): Settings {
  const { precision, formats: { parameters } } = plan;
  if (parameters === undefined || parameters === "bf16") return {};
  if (parameters === precision && (precision === "fp8" || precision === "mxfp8")) {
    const reuse = precision === "mxfp8" && { "--reuse-grad-buf-for-mxfp8-param-ag": true };
    return { "--fp8-param-gather": true, ...reuse };
  }
  if (parameters === precision && precision === "fp4") return { "--fp4-param-gather": true };
  refuse(
    `parameters gathered in ${parameters} under ${precision}`,
    `those of ${precision} or bf16`,
  );
  return {};
}

/**
 * Gradients: one buffer holds them between micro-batches and on their way, under BF16 in FP32 unless
 * Megatron-LM is told to reduce in BF16.
 */
function refuseGradients({ precision, formats }: LaunchInput["plan"], refuse: Refuse): void {
  const { gradients, mainGradients } = formats;
  for (const [what, format] of Object.entries({ gradients, "main gradients": mainGradients })) {
    if (format !== undefined && format !== "bf16" && format !== "fp32") {
      refuse(`${what} in ${format}`, "bf16 or fp32");
    } else if (format === "bf16" && (precision === "fp32" || precision === "fp16")) {
      refuse(`${what} in bf16 under ${precision}`, "fp32");
    }
  }
  if (gradients !== undefined && mainGradients !== undefined && gradients !== mainGradients) {
    refuse(
      `gradients kept in ${mainGradients} and reduced in ${gradients}`,
      `both in ${gradients}`,
    );
  }
}

/** Tells the formats. */
export function formatSettings(input: LaunchInput, refuse: Refuse): Settings {
  const { plan: { precision, formats }, cluster } = input;
  const { dispatch, combine, gradients, mainGradients, moments } = formats;
  const told = precisionSettings(precision, cluster.device);
  if (told === undefined) refuse(`precision ${precision}`, "bf16");
  for (const [what, format] of Object.entries({ dispatch, combine })) {
    if (format !== undefined && format !== "bf16") refuse(`${what} of tokens in ${format}`, "bf16");
  }
  refuseGradients(input.plan, refuse);
  if (moments !== undefined && !known["--exp-avg-dtype"].values!.includes(moments)) {
    refuse(`moments in ${moments}`, "fp8, bf16, fp16 or fp32");
  }
  return {
    ...told,
    ...gathered(input, refuse),
    ...((gradients ?? mainGradients) === "bf16" && { "--grad-reduce-in-bf16": true }),
    ...(gradients === "fp32" && { "--accumulate-allreduce-grads-in-fp32": true }),
    ...((mainGradients ?? moments) !== undefined && { "--use-precision-aware-optimizer": true }),
    ...(mainGradients !== undefined && { "--main-grads-dtype": mainGradients }),
    ...(moments !== undefined && { "--exp-avg-dtype": moments, "--exp-avg-sq-dtype": moments }),
  };
}

/** What gradients are kept and reduced in; undefined where that is the format of the weights. */
function readGradients(settings: Settings, wide: Precision): Precision | undefined {
  const at = (name: string) => settingOf(settings, name, known);
  if (wide === "fp32" || at("--accumulate-allreduce-grads-in-fp32")) return "fp32";
  if (wide === "fp16") return undefined;
  return at("--grad-reduce-in-bf16") || at("--main-grads-dtype") === "bf16" ? "bf16" : "fp32";
}

/** What settings say of formats. */
export function readFormats(settings: Settings): Pick<PlanInput, "precision" | "formats"> {
  const at = (name: string) => settingOf(settings, name, known);
  const eight: Precision = at("--fp8-recipe") === "mxfp8" ? "mxfp8" : "fp8";
  const wide: Precision = at("--bf16") ? "bf16" : at("--fp16") ? "fp16" : "fp32";
  const precision = at("--fp4-format") ? "fp4" : at("--fp8-format") ? eight : wide;
  const moments = at("--exp-avg-dtype") as Precision | undefined;
  const gradients = readGradients(settings, wide);
  const main = gradients === "bf16" ? gradients : at("--main-grads-dtype") as Precision | undefined;
  return {
    precision,
    formats: {
      ...(gradients !== undefined && { gradients }),
      ...((at("--fp8-param-gather") || at("--fp4-param-gather")) && { parameters: precision }),
      ...(main !== undefined && { mainGradients: main }),
      ...(moments !== undefined && { moments }),
    },
  };
}
