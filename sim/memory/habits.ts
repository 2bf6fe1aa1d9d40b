/**
 * What a training framework keeps in device memory, as data: which tensors wait for the backward
 * pass, in which format gradients accumulate, how the loss is taken. These are read in its code and
 * hold for every model and plan; where the code leaves a choice and measurements decided, `sources`
 * says so. What is measured, the allocator's overhead and what the driver and libraries reserve,
 * belongs to the stack.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import type { Precision } from "../plan/plan.ts";
import data from "./habits.json" with { type: "json" };

/** What a framework keeps; see the module. */
export interface MemoryHabits {
  /** Beginning of the ids of the stacks that these hold for. */
  id: string;
  /** What it is. */
  description: string;
  /** Papers, and files of code. */
  sources: readonly string[];
  /** Format of gradients between micro-batches, where the plan names none. */
  mainGradients: Precision;
  /** Whether the shards of ZeRO 3 are the FP32 weights, cast when gathered. */
  shardedMaster: boolean;
  /**
   * Where copies of weights in the narrow format of products are, rows and columns: nowhere between
   * two products, beside the 16-bit weights, or (8-bit formats) instead of these.
   */
  narrowWeights: "none" | "beside" | "instead";
  /** Whether a placeholder of each shape of weights stands in for gradients that were added. */
  placeholders: boolean;
  /** Workspaces of libraries, bytes. */
  workspaceBytes: number;
  /**
   * Bytes of a logit: kept until the backward pass of the loss, and beside that at the worst moment;
   * whether every tensor rank has all logits, and in how many pieces, forward and backward pass
   * together, the loss takes the tokens of a micro-batch.
   */
  logits: { keptBytes: number; extraBytes: number; whole: boolean; chunks: number };
  /**
   * What selective recomputation keeps: all but the outputs of the modules that the plan names, or
   * nothing but the outputs of attention and of every second product, whatever it names.
   */
  selective: "modules" | "operators";
  /** Whether a gated activation is one kernel, that keeps its inputs alone. */
  fusedActivation: boolean;
  /** Whether inputs of activations wait in the format of the products. */
  narrowHidden: boolean;
  /**
   * Bytes of an element of attention's output where one tensor waits for the gradients of attention
   * and of the product behind it; 0 where a narrow copy waits for the latter.
   */
  sharedOutputBytes: number;
  /** Bytes that a norm keeps for each element of its input; 2 where it is one kernel. */
  normBytes: number;
  /** Whether sequence parallelism keeps the inputs of products gathered. */
  gatheredInputs: boolean;
  /** Whether attention keeps its output before the all-to-all of context ranks and after it. */
  contextOutputTwice: boolean;
  /** Bytes of a stored score: kept, and beside that in its backward pass; 0 with flash attention. */
  scoreBytes: { kept: number; working: number };
  /** Dropout masks of a layer, one byte for each element of the residual stream. */
  dropoutMasks: number;
  /** What the optimiser's step allocates: a bucket, and bytes for each parameter of its shard. */
  step: { bucketElements: number; bucketBytes: number; shardBytes: number };
}

/** A row of the table: a framework, or what it does otherwise than another. */
type HabitsRow = Partial<MemoryHabits> & Pick<MemoryHabits, "id"> & { like?: string };

const rows = data as HabitsRow[];

function resolve(row: HabitsRow): MemoryHabits {
  const { like, ...own } = row;
  if (like === undefined) return own as MemoryHabits;
  const parent = rows.find(({ id }) => id === like);
  if (parent === undefined) throw unknownName("framework", like, rows.map(({ id }) => id));
  return { ...resolve(parent), ...own };
}

const table: readonly MemoryHabits[] = rows.map(resolve);

/** The default: current Megatron Core. */
const current = table.find(({ id }) => id === "megatron")!;

const known = new Map<string, MemoryHabits>();

/**
 * What a stack keeps in memory: the row with the longest id that the stack's begins with, else
 * Megatron Core's.
 *
 * @example
 * ```ts
 * import { memoryHabits } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(memoryHabits("aleph-torch").scoreBytes.kept, 6);
 * assertEquals(memoryHabits("megatron-core-0.15").mainGradients, "fp32");
 * ```
 */
export function memoryHabits(stack: string): MemoryHabits {
  const found = known.get(stack);
  if (found !== undefined) return found;
  let best = current;
  let length = 0;
  for (const habits of table) {
    const fits = stack === habits.id || stack.startsWith(`${habits.id}-`);
    if (fits && habits.id.length > length) [best, length] = [habits, habits.id.length];
  }
  known.set(stack, best);
  return best;
}
