/** Figures of a study, made up from a seed: a loss for each row and domain, noise by seed and sequence. @module */
import type { ModelFigures, StudyFigures, StudySize } from "../../../../experiments/bam/figures.ts";
import type { RowKey } from "../../../../experiments/bam/report/rows.ts";
import { split } from "../../../../kernels/base/random.ts";

/** What can be chosen of made-up figures. */
export interface MadeUp {
  /** Replicates. */
  seeds?: number;
  /** Which sizes. */
  sizes?: readonly StudySize[];
  /** Deviation of a row's loss over seeds, nats. */
  spread?: number;
  /** Losses by row and budget ("bam-expert-kv/data"), added to those of the table below. */
  added?: Record<string, number>;
  /** Rows that are left out. */
  without?: readonly string[];
  /** Held-out sequences a domain. */
  sequences?: number;
}

/** Domains of the made-up text. */
export const madeUpDomains = ["general", "reversed", "rotated", "mirrored"];

const floor = 1.1;

/** Loss above the least possible, by domain. */
const rows: readonly (RowKey & { above: readonly number[]; small?: true; experts?: number })[] = [
  { row: "seed", above: [0.3, 0.9, 0.9, 0.9] },
  { row: "dense-1", above: [0.7, 0.3, 1.2, 1.3] },
  { row: "dense-2", above: [0.7, 1.2, 0.3, 1.3] },
  { row: "dense-3", above: [0.7, 1.2, 1.3, 0.3] },
  { row: "dense-mixed", above: [0.42, 0.43, 0.44, 0.45] },
  { row: "btx-4", budget: "data", above: [0.40, 0.40, 0.40, 0.40], experts: 4 },
  { row: "bam-expert-kv", budget: "data", above: [0.33, 0.33, 0.33, 0.33], experts: 4 },
  { row: "bam-expert-kv", budget: "compute", above: [0.35, 0.35, 0.35, 0.35], experts: 4 },
  { row: "bam-shared-kv", budget: "data", above: [0.36, 0.36, 0.36, 0.36], experts: 4 },
  { row: "bam-shared-kv", budget: "compute", above: [0.38, 0.38, 0.38, 0.38], experts: 4 },
  ...[5, 6, 7, 8].map((experts) => ({
    ...{ row: `btx-${experts}`, budget: "data" as const, small: true as const, experts },
    above: [0.41, 0.41, 0.41, 0.41],
  })),
  {
    ...{ row: "btx-6-top-3", budget: "data", small: true, experts: 6 },
    above: [0.38, 0.38, 0.38, 0.38],
  },
  {
    ...{ row: "bam-top-2", budget: "compute", small: true, experts: 4 },
    above: [0.40, 0.40, 0.40, 0.40],
  },
  {
    ...{ row: "bam-top-1", budget: "compute", small: true, experts: 4 },
    above: [0.42, 0.42, 0.42, 0.42],
  },
];

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Names a row of the table above. */
export const keyOf = ({ row, budget }: RowKey): string => budget ? `${row}/${budget}` : row;

/** Figures of a whole study. */
export function madeUpFigures(seed: number, options: MadeUp = {}): StudyFigures {
  const { seeds = 3, sizes = ["small", "large"], spread = 0.003, added = {} } = options;
  const { without = [], sequences = 24 } = options;
  const models = sizes.flatMap((size) =>
    Array.from({ length: seeds }, (_, s) => s + 1).flatMap((replicate) =>
      rows.filter((row) => (size === "small" || !row.small) && !without.includes(keyOf(row)))
        .map(({ above, experts, ...key }): ModelFigures => {
          const noise = split(seed, `${size}/${replicate}/${keyOf(key)}`);
          const shift = spread * noise.normal() + (added[keyOf(key)] ?? 0);
          // What is hard of a sequence is hard for all models of a seed.
          const text = split(seed, `${size}/${replicate}/text`);
          const compute = key.budget === "compute";
          const steps = compute ? 80 : 100;
          return {
            ...{ ...key, size, seed: replicate, steps, tokens: 1024 * steps },
            phase: key.row === "seed" ? "seed" : /^dense-\d/.test(key.row) ? "branch" : "mix",
            flops: 1e12 * (compute ? 1 : key.row.startsWith("bam") ? 1.25 : 1),
            stepSeconds: 0.2 * (1 + 0.1 * noise.uniform()),
            bytes: 2 ** 27,
            parameters: { total: 1e6 + 1e5 * (experts ?? 1), active: 1e6 },
            domains: madeUpDomains.map((name, d) => {
              const losses = Array.from(
                { length: sequences },
                () => floor + above[d] + shift + 0.2 * text.normal() + 0.01 * noise.normal(),
              );
              return { name, tokens: 64 * sequences, loss: mean(losses), sequences: losses, floor };
            }),
            tasks: madeUpDomains.flatMap((domain, d) =>
              (["cloze", "exact"] as const).map((kind) => {
                const right = Math.round(100 * Math.exp(-above[d] - Math.abs(shift)));
                return { kind, domain, right, asked: 100, chance: kind === "cloze" ? 0.25 : 0.01 };
              })
            ),
            ...(experts && {
              shares: madeUpDomains.map((_, d) => {
                const wanted = Array.from({ length: experts }, (_, e) => e === d ? 4 : 1);
                const all = wanted.reduce((a, b) => a + b, 0);
                return wanted.map((x) => x / all);
              }),
            }),
          };
        })
    )
  );
  return { domains: [...madeUpDomains], models };
}
