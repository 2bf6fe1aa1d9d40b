/**
 * Batches of tuning: sequences of the new domains or of the old, with a cluster of each.
 *
 * A cluster is told by another text of the sequence's domain, as an instruction before a text would
 * tell it: by the text itself it would tell tokens that are yet to be predicted.
 *
 * @module
 */
import { adapterBatch } from "../../core/adapters/program.ts";
import {
  clusterSequences,
  nearestCluster,
  type SequenceClusters,
} from "../../core/adapters/clusters.ts";
import type { ProgramBatch } from "../../core/programs/program.ts";
import { batchOf, type Corpus, type CorpusPart } from "../../core/train/data/corpus.ts";
import { split } from "../../kernels/mod.ts";
import type { AdapterValues } from "./settings.ts";

/** Sequences that clusters are found in, for each domain. */
const CLUSTERED = 32;

/** Clusters of a corpus, as many as domains, found in texts that no batch holds. */
export function clustersOf(
  corpus: Corpus,
  { length, seed }: Pick<AdapterValues, "length"> & { seed: number },
): SequenceClusters {
  const texts = corpus.domains.flatMap((_, domain) =>
    Array.from({ length: CLUSTERED }, (_, i) =>
      corpus.draw(domain, {
        ...{ length, part: "training" },
        stream: split(seed, `clustered/${domain}/${i}`),
      }))
  );
  const count = corpus.domains.length;
  return clusterSequences(texts, { count, vocabulary: corpus.vocabulary, seed });
}

/** Which batch. */
export interface TuningBatch {
  /** Sizes. */
  values: Pick<AdapterValues, "sequences" | "length">;
  /** Clusters of the new text. */
  clusters: SequenceClusters;
  /** Seed of the order. */
  seed: number;
  /** Number of the step. */
  step: number;
  /** The part; "training" where absent. */
  part?: CorpusPart;
}

/** A batch of a corpus. */
export function tuningBatch(corpus: Corpus, options: TuningBatch): ProgramBatch {
  const { values: { sequences, length }, clusters, seed, step, part = "training" } = options;
  const batch = batchOf(corpus, { sequences, length, seed, step, part });
  const own = Array.from({ length: sequences }, (_, s) => {
    const stream = split(seed, `instruction/${part}/${step}/${s}`);
    const instruction = corpus.draw(batch.tags[s * length], { length, part, stream });
    return nearestCluster(clusters, instruction);
  });
  return adapterBatch(batch, batch.ids.map((_, t) => own[Math.floor(t / length)]));
}
