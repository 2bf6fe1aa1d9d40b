/** Parts that add up to a whole: a row each, its bar where the one before ended. @module */
import type { JSX } from "preact";
import { formatNumber } from "../format.ts";
import { anchor } from "../html.ts";
import { Strip } from "../svg/strip.tsx";
import type { Waterfall } from "../visuals.ts";
import { Badge, Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** What the parts add up to. */
export function totalOf({ parts }: Pick<Waterfall, "parts">): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

/** The waterfall as a section. */
export function WaterfallSection({ waterfall }: { waterfall: Waterfall }): JSX.Element {
  const { id, title, note, kind, unit, parts, limit } = waterfall;
  const total = totalOf(waterfall);
  const whole = limit?.value ?? total;
  const width = (Math.max(total, limit?.value ?? 0) || 1) * (limit ? 1.03 : 1);
  const at = (value: number) => value / width;
  const marks = limit ? [{ at: at(limit.value), look: "limit-line" }] : [];
  const share = (value: number) => formatNumber(value / (whole || 1), "fraction", 3);
  const over = limit !== undefined && total > limit.value;
  let before = 0;
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
        caption={limit
          ? `Parts of ${waterfall.total}; the line is ${limit.label}, ${
            formatNumber(limit.value, unit)
          }`
          : `Parts of ${waterfall.total}`}
        head={
          <>
            <Column name="Part" />
            <Column name="one after the other" />
            <Column name="amount" numeric />
            <Column name="share" unit={limit ? `of ${limit.label}` : undefined} numeric />
          </>
        }
      >
        {parts.map((part) => {
          const from = before;
          before += part.value;
          return (
            <tr key={part.label}>
              <RowHead
                name={
                  <>
                    {part.label}
                    {part.note && <small>{part.note}</small>}
                  </>
                }
              />
              <td class="strip-cell">
                <Strip
                  pieces={[{ from: at(from), to: at(before), look: "fill-0" }]}
                  marks={marks}
                />
              </td>
              <NumberCell sort={part.value}>{formatNumber(part.value, unit)}</NumberCell>
              <NumberCell sort={part.value / whole}>{share(part.value)}</NumberCell>
            </tr>
          );
        })}
        <tr class="sum">
          <RowHead name={waterfall.total} />
          <td class="strip-cell">
            <Strip
              pieces={[
                { from: 0, to: at(Math.min(total, whole)), look: "fill-5" },
                ...(over ? [{ from: at(limit.value), to: at(total), look: "fill-bad" }] : []),
              ]}
              marks={marks}
            />
          </td>
          <NumberCell sort={total}>{formatNumber(total, unit)}</NumberCell>
          <NumberCell sort={total / whole}>{share(total)}</NumberCell>
        </tr>
        {limit && (
          <tr>
            <RowHead name={over ? "too much" : "free"} />
            <td class="strip-cell">
              <Strip
                pieces={over ? [] : [{ from: at(total), to: at(limit.value), look: "fill-free" }]}
                marks={marks}
              />
            </td>
            <NumberCell sort={limit.value - total} class={over ? "fail" : undefined}>
              {formatNumber(Math.abs(limit.value - total), unit)}
            </NumberCell>
            <NumberCell sort={1 - total / whole}>{share(Math.abs(limit.value - total))}</NumberCell>
          </tr>
        )}
      </Table>
    </Section>
  );
}
