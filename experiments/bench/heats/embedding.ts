/**
 * The table of words, read and differentiated.
 *
 * @module
 */
import { split } from "../../../kernels/base/random.ts";
import { embed, embedBackward } from "../../../kernels/embedding/embedding.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import type { Ring } from "../ring.ts";
import { OF_COPY } from "./sizes.ts";

const TOKENS = 8192;
const VOCABULARY = 16_384;
const WIDTH = 1024;
const shape = `${TOKENS} of ${VOCABULARY}x${WIDTH}`;

/** Words as a text has them: few of them often, by Zipf's law, most of them never. */
function words(): Uint32Array<ArrayBuffer> {
  const stream = split(0, "bench/words");
  return Uint32Array.from(
    { length: TOKENS },
    () => Math.floor(VOCABULARY ** stream.uniform()) % VOCABULARY,
  );
}

const used = (ids: Uint32Array) => new Set(ids).size;

function operators({ upload, fill }: Ring): Operator[] {
  const list = words();
  const ids = upload("ids", [TOKENS], list);
  return [
    {
      name: "embedding",
      shape,
      work: { flops: 0, bytes: 4 * (TOKENS + (used(list) + TOKENS) * WIDTH) },
      ofCopy: OF_COPY,
      prepare() {
        const table = fill("table", [VOCABULARY, WIDTH]);
        return (r) => [embed(r, table, { ids })];
      },
    },
    {
      name: "embedding backward",
      shape,
      work: { flops: TOKENS * WIDTH, bytes: 4 * (TOKENS + (TOKENS + VOCABULARY) * WIDTH) },
      ofCopy: OF_COPY,
      prepare() {
        const dy = fill("dy", [TOKENS, WIDTH]);
        return (r) => [embedBackward(r, dy, { ids, vocabulary: VOCABULARY })];
      },
    },
  ];
}

/** Embedding and its gradient. */
export const embeddingHeat: Heat = operatorHeat({
  id: "embedding",
  family: "elements",
  says: `embedding, ${shape}, and its gradient`,
  operators,
});
