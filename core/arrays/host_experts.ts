/**
 * Chosen experts alone, on the host: rows sorted by expert, and products with the weights of each.
 *
 * @module
 */
import type { ChosenExperts } from "./arrays.ts";
import {
  fillMatrix,
  type HostIndices,
  type HostMatrix,
  requireShape,
  shapeText,
} from "./host_matrix.ts";

type Chosen = ChosenExperts<HostIndices>;

/** The choice t K + k of each row and its expert; fewer rows than choices where some were dropped. */
function rowsOf({ ids: { data }, experts }: Chosen): { choice: number; expert: number }[] {
  const used = Array.from(data, (expert, choice) => ({ choice, expert }))
    .filter(({ expert }) => expert < experts);
  return used.sort((a, b) => a.expert - b.expert || a.choice - b.choice);
}

/** Throws unless a matrix has as many rows, and weights divide among experts. */
function requireFit(a: HostMatrix, rows: number, parts?: { of: number; experts: number }): void {
  requireShape(
    a.shape[0] === rows,
    () => `Gave chosen experts ${shapeText(a.shape)}, wanted ${rows} rows`,
  );
  if (parts === undefined) return;
  requireShape(
    parts.of % parts.experts === 0,
    () => `Cut ${parts.of} into the weights of ${parts.experts} experts`,
  );
}

/** a[T, K] in the order of rows. */
export function expertRows(a: HostMatrix, chosen: Chosen): HostMatrix {
  const { ids } = chosen;
  requireShape(
    shapeText(a.shape) === shapeText(ids.shape),
    () => `Sorted ${shapeText(a.shape)} by the experts of ${shapeText(ids.shape)}`,
  );
  const rows = rowsOf(chosen);
  return fillMatrix([ids.data.length, 1], (r) => rows[r] ? a.data[rows[r].choice] : 0);
}

/** Tokens times the columns of their experts. */
export function intoExperts(x: HostMatrix, w: HostMatrix, chosen: Chosen): HostMatrix {
  const { ids: { shape: [tokens, k] }, experts } = chosen;
  const [inner, columns] = w.shape;
  requireFit(x, tokens, { of: columns, experts });
  requireFit(w, x.shape[1]);
  const rows = rowsOf(chosen);
  const width = columns / experts;
  return fillMatrix([tokens * k, width], (r, c) => {
    if (!rows[r]) return 0;
    const { choice, expert } = rows[r];
    const token = Math.floor(choice / k);
    let dot = 0;
    for (let i = 0; i < inner; i++) {
      dot += x.data[token * inner + i] * w.data[i * columns + expert * width + c];
    }
    return dot;
  });
}

/** Rows times the rows of their experts, summed for each token. */
export function outOfExperts(h: HostMatrix, w: HostMatrix, chosen: Chosen): HostMatrix {
  const { ids: { shape: [tokens, k] }, experts } = chosen;
  const [inner, columns] = w.shape;
  requireFit(h, tokens * k, { of: inner, experts });
  requireFit(w, h.shape[1] * experts);
  const width = inner / experts;
  const y = fillMatrix([tokens, columns], () => 0);
  rowsOf(chosen).forEach(({ choice, expert }, r) => {
    const token = Math.floor(choice / k);
    for (let i = 0; i < width; i++) {
      const by = h.data[r * width + i];
      for (let c = 0; c < columns; c++) {
        y.data[token * columns + c] += by * w.data[(expert * width + i) * columns + c];
      }
    }
  });
  return y;
}
