/**
 * What the report of `checkpoint-speed` says.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import type { SpeedSubject } from "./run_speed.ts";

/** A pass in words. */
export function tokensOf(pass: "prefill" | "decode", { model, prompt }: SpeedSubject): string {
  const layers = `${model.layers} ${model.layers === 1 ? "layer" : "layers"}`;
  return pass === "prefill"
    ? `${prompt} tokens at once, ${layers}`
    : `one token after ${prompt}, ${layers}`;
}

/** How it was done, and its limits. */
export const speedNotes: Result["notes"] = [
  {
    heading: "Weights without a download",
    paragraphs: [
      "Sizes are those of the config.json. Weights are drawn by a seed a matrix at a time and " +
      "narrowed on the way to the device, so that the host never holds a layer in 32 bits. Random " +
      "tokens and weights spread over the experts more evenly than text does over trained ones.",
      "Where shaders run on the CPU, the device's memory is the process' own: what the pools hold is " +
      "taken off before the host's part is judged.",
    ],
  },
  {
    heading: "How time is predicted",
    paragraphs: [
      "The description is lowered to the operators of a forward pass. Each product is run alone at " +
      "its own size on weights as they are held: of a bank of experts eight, of a table of tokens " +
      "8192 rows, the rest by proportion. All other operators are priced by this device's profile, " +
      "which knows a grid of sizes. Their sum, the gaps between launches and one wait for the " +
      "device are the prediction.",
      "Experts get the rows that the routers chose for the prompt; a token after it goes to as many " +
      "experts as there are for a token, whichever they are.",
    ],
  },
  {
    heading: "One machine, the same minutes",
    paragraphs: [
      "Each round times every operator, the prompt, and some tokens after it, so that both sides meet " +
      "the machine in the same states. Times that are compared are lower quartiles: other programs " +
      "only ever add to a time.",
    ],
  },
];
