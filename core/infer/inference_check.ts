/**
 * Which models and settings the forward pass runs; the rest is refused by the first field that it
 * cannot.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { RunSettings } from "../checkpoints/run_settings.ts";
import { headShape } from "../spec/mixer_counts.ts";
import type { Model } from "../spec/model.ts";

/** Greatest width of a head that the kernels attend with. */
const WIDEST = 256;

type Want = [field: string, found: string, wanted: string, fits: boolean];

const some = (there: unknown) => there ? "some" : "none";

function attentionWants({ attention }: Model, { rope }: RunSettings): Want[] {
  const { dqk, dv } = headShape(attention);
  const latent = attention.kind === "mla";
  const turned = latent ? attention.ropeDim : dqk;
  const plain = !("outputGate" in attention && attention.outputGate);
  const width = (value: number) => value % 8 === 0 && value <= WIDEST;
  const widths = `a multiple of 8 up to ${WIDEST}`;
  return [
    [
      "attention.qkNorm",
      attention.kind === "experts" ? attention.qkNorm : "none",
      "none beside attention experts",
      attention.kind !== "experts" || attention.qkNorm === "none",
    ],
    ["attention.outputGate", some(!plain), "none", plain],
    ...(latent
      ? [
        ["attention.valueDim", `${dv}`, widths, width(dv)],
        [
          "attention.nopeDim",
          `${attention.nopeDim}`,
          "a multiple of 4",
          attention.nopeDim % 4 === 0,
        ],
        ["attention.nopeDim with ropeDim", `${dqk}`, `${WIDEST} at most`, dqk <= WIDEST],
      ] as Want[]
      : [["attention.headDim", `${dqk}`, widths, width(dqk)] as Want]),
    [
      "settings.rope.dim",
      `${rope.dim}`,
      latent ? `${turned} and a multiple of 8` : `a multiple of 8 up to ${turned}`,
      rope.dim % 8 === 0 && (latent ? rope.dim === turned : rope.dim <= turned),
    ],
  ];
}

function networkWants({ ffn, moe }: Model, { router, clamped }: RunSettings): Want[] {
  const gated = (field: string, activation?: string): Want => [
    ...[field, `${activation}`, "swiglu"] as [string, string, string],
    activation === undefined || activation === "swiglu",
  ];
  return [
    gated("ffn.activation", ffn?.activation),
    ["ffn.bias", some(ffn?.bias), "none", !ffn?.bias],
    gated("moe.activation", moe?.activation),
    ["moe.router.kind", `${moe?.router.kind}`, "linear", !moe || moe.router.kind === "linear"],
    ["moe.latent", some(moe?.latent), "none", !moe?.latent],
    ["moe.denseBeside", some(moe?.denseBeside), "none", !moe?.denseBeside],
    ["settings.router", some(router), "one for the experts", !moe || router !== undefined],
    [
      "settings.clamped",
      some(clamped),
      "none beside shared experts",
      !clamped || !moe?.shared,
    ],
    [
      "settings.router.groupScore",
      `${router?.groupScore}`,
      "best, where there is no bias of the choice",
      !moe?.router.limit || router?.groupScore !== "best-two" || moe.router.bias,
    ],
  ];
}

function generalWants(model: Model): Want[] {
  const { norm, embedding: { positions: { kind } }, block, encoderLayers } = model;
  const other = (["linear", "mamba", "mamba2", "blocks"] as const)
    .map((field): Want => [field, some(model[field]), "none", !model[field]]);
  const parallel = block === "parallel";
  return [
    ["encoderLayers", `${encoderLayers}`, "0", encoderLayers === 0],
    ["norm.bias", some(norm.bias), "none beside rmsnorm", !norm.bias || norm.kind === "layernorm"],
    [
      "norm.perLayer",
      `${norm.perLayer}`,
      parallel ? "1 or 2" : "2",
      norm.perLayer === 2 || (parallel && norm.perLayer === 1),
    ],
    ["norm.final", some(norm.final), "one", norm.final],
    ["embedding.positions", kind, "rope", kind === "rope"],
    ...other,
  ];
}

/**
 * Refuses what the forward pass does not run.
 *
 * @throws {UserError} that names the first field that it cannot, what was found and what is wanted.
 */
export function checkInference(model: Model, settings: RunSettings): void {
  const wants = [
    ...generalWants(model),
    ...attentionWants(model, settings),
    ...networkWants(model, settings),
  ];
  const unfit = wants.find(([, , , fits]) => !fits);
  if (!unfit) return;
  const [field, found, wanted] = unfit;
  throw new UserError(`Cannot run ${model.id}: found ${found} as ${field}, wanted ${wanted}`);
}
