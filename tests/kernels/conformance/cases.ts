import type { Case } from "./case.ts";
import { gemmCases } from "./gemm_cases.ts";
import { groupedCases } from "./grouped_cases.ts";
import { layerCases } from "./layer_cases.ts";
import { routingCases } from "./routing_cases.ts";
import { trainingCases } from "./training_cases.ts";

/** All cases: the products, the way through a layer, and what training adds. */
export const cases: readonly Case[] = [
  ...gemmCases,
  ...routingCases,
  ...groupedCases,
  ...layerCases,
  ...trainingCases,
];
