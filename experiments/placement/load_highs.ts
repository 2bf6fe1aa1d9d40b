/**
 * HiGHS, loaded once: a solver of integer programs in WebAssembly (highs.dev).
 *
 * @module
 */
import imported, { type Highs } from "highs";

// The package's types are read as those of its CommonJS build, whose default is one level deeper
// than that of the module that runs.
const load = imported as unknown as typeof imported.default;

let loaded: Promise<Highs> | undefined;

/** The solver. */
export function loadHighs(): Promise<Highs> {
  return loaded ??= load();
}
