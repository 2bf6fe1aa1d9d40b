/** Every architecture that is run: logits against f64, whole and cut into passes. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { parseVariant } from "../../../kernels/gemm/variant.ts";
import { uniformChoice } from "../../../kernels/tune.ts";
import { withDevice } from "../../kernels/compare.ts";
import { apart, expectedOf, inferenceOf, routingOf, someIds } from "./compared.ts";
import { architectureNames } from "./made_up/architectures.ts";

const ids = someIds(21);
/** Whole texts, single tokens, and what is between, on both sides of multiples of 8. */
const cuts = [0, 5, 6, 7, 15, 16, 21];

Deno.test(
  "logits of each architecture are those of f64 behind the same choices, however a text is cut",
  withDevice(async (_, device) => {
    for (const name of architectureNames) {
      const { made, inference } = await inferenceOf(device, name);
      const whole = await inference.read(ids, { logits: "all", routes: true });
      const routing = routingOf(whole, made);
      const wanted = expectedOf(ids, made, routing);
      assertLess(apart(whole.logits, wanted.logits), 1e-5, name);

      // Choices are the oracle's own wherever they do not turn on the last bits.
      const own = expectedOf(ids, made);
      own.layers.forEach(({ choices }, layer) =>
        choices?.forEach(({ ids, margin }, t) => {
          if (margin < 1e-3) return;
          assertEquals([...routing[layer]![t]].sort(), [...ids].sort(), `${name} ${layer} ${t}`);
        })
      );
      // What a weight is, too, with its scale and its norm.
      for (const { layer, weights_TK } of whole.routes) {
        const weights = wanted.layers[layer].choices!.flatMap((choice) => choice.weights);
        assertLess(apart(weights_TK, weights), 1e-5, `${name} weights ${layer}`);
      }
      const layersWithExperts = wanted.layers.filter(({ choices }) => choices).length;
      assertEquals(whole.routes.length, layersWithExperts, name);

      inference.rewind(0);
      const parts: number[] = [];
      for (const [i, end] of cuts.slice(1).entries()) {
        const { logits } = await inference.read(ids.slice(cuts[i], end), { logits: "all" });
        parts.push(...logits);
        assertEquals(inference.length, end);
      }
      assert(parts.every((logit, i) => Object.is(logit, whole.logits[i])), `${name} in parts`);
      inference.rewind(9);
      const { logits: last } = await inference.read(ids.slice(9));
      assertEquals(last, whole.logits.slice(-97), `${name} from token 9 on`);
      inference.close();
      assertEquals(inference.bytes().state.live, 0, name);
      assertEquals(inference.bytes().passes.live, 0, name);
    }
  }),
);

Deno.test(
  "kernels, tables in parts, short passes and what a cache keeps change no bit",
  withDevice(async (_, device) => {
    const read = async (name: "deepseek_v3" | "gpt_oss", options = {}) => {
      const { inference } = await inferenceOf(device, name, options);
      const { logits } = await inference.read(ids, { logits: "all" });
      // The next token is a step over what is cached.
      const next = await inference.step(3);
      inference.close();
      return [...logits, ...next];
    };
    const variant = parseVariant("tile-16x1x16x1-buffer");
    const whole = await read("deepseek_v3");
    assertEquals(await read("deepseek_v3", { cache: "latent" }), whole);
    assertEquals(await read("deepseek_v3", { tableRows: 40, passTokens: 8 }), whole);
    const oss = await read("gpt_oss");
    assertEquals(await read("gpt_oss", { passTokens: 4 }), oss);
    // Another program may round an activation otherwise.
    const tiled = await read("gpt_oss", { kernels: uniformChoice(variant) });
    assertLess(apart(tiled, oss), 1e-5);
  }),
);
