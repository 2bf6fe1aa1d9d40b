/** Routing that was made up, so that what a study has to find is known. @module */
import { split } from "../../../kernels/mod.ts";
import type { RoutedTexts } from "../../../experiments/checkpoints/routing/routed.ts";

/** What a token's experts follow. */
export interface MadeUpRouting {
  experts?: number;
  topK?: number;
  domains?: number;
  sequences?: number;
  length?: number;
  vocabulary?: number;
  /** The K experts of a token. */
  choose(at: {
    id: number;
    domain: number;
    position: number;
    draw(): number;
  }): number[];
}

/** One layer of such routing over random tokens. */
export function madeUpRouting(options: MadeUpRouting): RoutedTexts {
  const { experts = 8, topK = 2, domains = 3, sequences = 8, length = 40 } = options;
  const { vocabulary = 20, choose } = options;
  const stream = split(1, "made up routing");
  return {
    ...{ experts, topK, layers: [1] },
    domains: Array.from({ length: domains }, (_, i) => `domain ${i}`),
    sequences: Array.from({ length: domains * sequences }, (_, i) => {
      const domain = Math.floor(i / sequences);
      const ids = Uint32Array.from({ length }, () => stream.int(0, vocabulary - 1));
      const draw = () => stream.int(0, experts - 1);
      const chosen = Array.from(ids, (id, position) => choose({ id, domain, position, draw }));
      return {
        ...{ domain, ids, loss: domain + 1 },
        chosen_LTK: [Uint32Array.from(chosen.flat())],
        weights_LTK: [new Float32Array(length * topK).fill(1 / topK)],
      };
    }),
  };
}

/** Two different experts drawn anew. */
export function twoDrawn({ draw }: { draw(): number }): number[] {
  const first = draw();
  let second = draw();
  while (second === first) second = draw();
  return [first, second];
}
