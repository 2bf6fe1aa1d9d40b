/** Bars inside the rows of a table, over one axis that all rows share. @module */
import type { JSX } from "preact";
import { percent } from "./frame.tsx";

/** A piece of a bar, from share to share of the axis. */
export interface StripPiece {
  /** Where it begins. */
  from: number;
  /** Where it ends. */
  to: number;
  /** Class of its look: "fill-0" and so on. */
  look: string;
  /** What it is, for those who hover it. */
  said?: string;
}

/** A bar; its numbers stand in the cells beside it, so that it says nothing to a screen reader. */
export function Strip(
  { pieces, marks = [] }: {
    pieces: readonly StripPiece[];
    marks?: readonly { at: number; look: string }[];
  },
): JSX.Element {
  return (
    <svg class="bar-strip" height="18" aria-hidden="true">
      {pieces.map((p, i) => {
        const [from, to] = [Math.min(p.from, p.to), Math.max(p.from, p.to)];
        return (
          <rect
            key={i}
            class={p.look}
            x={percent(from)}
            y="2"
            width={percent(to - from)}
            height="14"
          >
            {p.said && <title>{p.said}</title>}
          </rect>
        );
      })}
      {marks.map((m, i) => (
        <line key={i} class={m.look} x1={percent(m.at)} x2={percent(m.at)} y1="-30" y2="150" />
      ))}
    </svg>
  );
}
