/** Memory of a plan: by stage in closed form, and in the course of a step. @module */
export type { ChunkMemory } from "./chunk_memory.ts";
export { evenLoad, type ExpertLoad, rankLoads, stageLoads } from "./expert_load.ts";
export { type MemoryHabits, memoryHabits } from "./habits.ts";
export { chunksInFlight } from "./in_flight.ts";
export { type LayerTensor, layerTensors, type TensorPart } from "./layer_tensors.ts";
export { type MemorySite, memorySite, type MemoryStack } from "./site.ts";
export {
  fullestStage,
  type MemoryMoment,
  type MemoryOptions,
  type StageMemory,
  stageMemory,
} from "./stage_memory.ts";
export { type StageParts, stageParts, type StagePartsOptions } from "./stage_parts.ts";
export {
  type MemoryPoint,
  type MemoryTimeline,
  memoryTimeline,
  type MemoryTimelineOptions,
} from "./timeline.ts";
