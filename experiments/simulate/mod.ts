/** Predictions for rows of published measurements. @module */
export * from "./cases/predict_row.ts";
export * from "./cases/read_rows.ts";
export type { StackOf } from "./cases/training_figures.ts";
export type { LibraryFactors, Stack } from "../../sim/stack/stack.ts";
