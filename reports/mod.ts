/** From `result.json` to one HTML file. @module */
export * from "./result.ts";
