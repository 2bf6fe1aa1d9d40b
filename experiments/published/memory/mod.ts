/** Published memory beside predicted memory. @module */
export { type MemoryCase, memoryCase, type MemoryEvidence } from "./memory_case.ts";
export {
  type FitErrors,
  type MemoryErrors,
  memoryErrors,
  type PeakErrors,
} from "./memory_errors.ts";
export { compareMemory, type MemoryComparison } from "./predict_memory.ts";
