/** How many became few: what fell where, until what remains. @module */
import type { JSX } from "preact";
import { formatCount } from "../format.ts";
import { anchor } from "../html.ts";
import { Strip } from "../svg/strip.tsx";
import type { Funnel, FunnelStep } from "../visuals.ts";
import { Badge, Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

const words: Readonly<Record<FunnelStep["outcome"], string>> = {
  fell: "fell",
  kept: "remained",
  open: "not looked at",
};

const looks: Readonly<Record<FunnelStep["outcome"], string>> = {
  fell: "fill-5",
  kept: "fill-0",
  open: "fill-free",
};

/** What is left after each step. */
export function remainders({ total, steps }: Pick<Funnel, "total" | "steps">): string[] {
  let left = BigInt(total);
  return steps.map(({ count, outcome }) => {
    if (outcome === "fell") left -= BigInt(count);
    return String(left);
  });
}

const Count = ({ digits }: { digits: string }) => (
  <NumberCell sort={Number(digits)}>
    <span title={digits}>{formatCount(digits)}</span>
  </NumberCell>
);

/** The funnel as a section. */
export function FunnelSection({ funnel }: { funnel: Funnel }): JSX.Element {
  const { id, title, note, kind, unit, total, steps } = funnel;
  const size = (digits: string) => Math.log10(1 + Number(digits));
  const width = size(total) || 1;
  const left = remainders(funnel);
  return (
    <Section
      id={id}
      title={title}
      lead={
        <>
          {note} <Badge kind={kind} />
        </>
      }
    >
      <Table
        id={anchor(id, "data")}
        under={`${id}-title`}
        caption={
          <>
            Of <span title={total}>{formatCount(total)}</span>{" "}
            {unit}, to which the counts add up. Bars are logarithmic: equal lengths are equal
            factors.
          </>
        }
        head={
          <>
            <Column name="step" />
            <Column name={`${unit}, logarithmic`} />
            <Column name={unit} numeric />
            <Column name="outcome" />
            <Column name="after it" numeric />
          </>
        }
      >
        {steps.map((step, i) => (
          <tr key={step.label} class={step.outcome === "kept" ? "sum" : undefined}>
            <RowHead
              name={
                <>
                  {step.label}
                  {step.note && <small>{step.note}</small>}
                </>
              }
            />
            <td class="strip-cell">
              <Strip
                pieces={[{ from: 0, to: size(step.count) / width, look: looks[step.outcome] }]}
              />
            </td>
            <Count digits={step.count} />
            <td>{words[step.outcome]}</td>
            <Count digits={left[i]} />
          </tr>
        ))}
      </Table>
    </Section>
  );
}
