/** Small programs around every kind of experts, and batches for them. */
import { expertDecoder } from "../../../core/experts/decoder.ts";
import { expertImages } from "../../../core/experts/image.ts";
import { imageBatch } from "../../../core/experts/image_data.ts";
import type { ExpertRecipe } from "../../../core/experts/recipe.ts";
import type { ModelProgram, ProgramBatch } from "../../../core/programs/program.ts";
import { split } from "../../../kernels/base/random.ts";

const decoder = {
  ...{ vocabulary: 12, dModel: 8, heads: 2, hidden: 8, layers: 2, sequences: 2, length: 8 },
  ...{ experts: 4, width: 4, tags: 2 },
};
export const image = { images: 2, rows: 5, dModel: 4, experts: 4, width: 8, classes: 3 };

/** A program of a kind, and a batch of a seed. */
export function smallCase(
  recipe: ExpertRecipe,
  seed: number,
): { program: ModelProgram; batch: ProgramBatch } {
  if (recipe.where === "image") {
    return {
      program: expertImages(recipe, image, { steps: 100 }),
      batch: { ...imageBatch({ ...image, seed }, "a batch") },
    };
  }
  const { vocabulary, sequences, length, tags } = decoder;
  const stream = split(seed, "tokens");
  const tokens = Uint32Array.from(
    { length: sequences * length },
    () => stream.int(0, vocabulary - 1),
  );
  return {
    program: expertDecoder(recipe, decoder, { steps: 100 }),
    batch: {
      tokens,
      targets: tokens.map((id) => (id + 1) % vocabulary),
      before: tokens.map((id, t) => t % length ? tokens[t - 1] : id),
      tags: tokens.map((_, t) => Math.floor(t / length) % tags),
    },
  };
}
