/** What routers made their choices of: logits that give the very choices and weights. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { withDevice } from "../../kernels/compare.ts";
import { apart, inferenceOf, someIds } from "./compared.ts";
import { architectureNames } from "./made_up/architectures.ts";
import { route } from "./oracle/router.ts";

const ids = someIds(21);

Deno.test(
  "a router's logits are read where they are wanted, and explain its choices and weights",
  withDevice(async (_, device) => {
    let seen = 0;
    for (const name of architectureNames) {
      const { made: { model, settings, tensors }, inference } = await inferenceOf(device, name, {
        passTokens: 8,
      });
      const { routes } = await inference.read(ids, { routes: "logits" });
      inference.rewind(0);
      const without = await inference.read(ids, { routes: true });
      assertEquals(without.routes.map(({ logits_TE }) => logits_TE), routes.map(() => undefined));
      for (const [i, { layer, ids_TK, weights_TK, logits_TE }] of routes.entries()) {
        assertEquals(without.routes[i], { layer, ids_TK, weights_TK });
        const { experts, topK, router: { limit } } = model.moe!;
        assertEquals(logits_TE!.length, ids.length * experts);
        const balance = tensors[`layers.${layer}.moe.balance`]?.data as Float32Array | undefined;
        ids.forEach((_, t) => {
          const own = logits_TE!.subarray(t * experts, (t + 1) * experts);
          const chosen = [...ids_TK.subarray(t * topK, (t + 1) * topK)];
          const options = { settings: settings.router!, topK, balance, limit };
          const found = route(own, options);
          if (found.margin > 1e-5) assertEquals(found.ids, chosen, `${name} ${layer} ${t}`);
          const { weights } = route(own, { ...options, imposed: chosen });
          const held = weights_TK.subarray(t * topK, (t + 1) * topK);
          assertLess(apart(held, weights), 1e-5, `${name} ${layer} ${t}`);
        });
        seen++;
      }
      // A single token goes through memory that was planned once.
      inference.rewind(20);
      const [one] = (await inference.read(ids.slice(20), { routes: "logits" })).routes;
      if (one) assertEquals(one.logits_TE, routes[0].logits_TE!.slice(-model.moe!.experts));
      inference.close();
      assertEquals(inference.bytes().passes.live, 0, name);
    }
    assert(seen > 5, `${seen} layers with experts`);
  }),
);
