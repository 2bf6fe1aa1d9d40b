/**
 * What every section is made of: headings with permalinks, badges, tables in scroll regions, and
 * cells that show a number with its interval.
 *
 * @module
 */
import type { ComponentChildren, JSX } from "preact";
import type { Estimate } from "../../kernels/base/estimate.ts";
import { formatEstimate, type NumberScale, type NumberUnit } from "../format.ts";
import { hrefTo } from "../html.ts";
import type { Kind } from "../result.ts";

/** Where a number comes from, as text and colour. */
export function Badge({ kind }: { kind: Kind }): JSX.Element {
  return <span class={`badge badge-${kind}`}>{kind}</span>;
}

/** A link to an element, shown while its heading or row is hovered or focused. */
export function Permalink({ id, name }: { id: string; name: string }): JSX.Element {
  return <a class="permalink" href={hrefTo(id)} aria-label={`Link to ${name}`}>#</a>;
}

/** A section with a heading. */
export function Section(
  { id, title, lead, children }: {
    id: string;
    title: string;
    lead?: ComponentChildren;
    children: ComponentChildren;
  },
): JSX.Element {
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>
        {title}
        <Permalink id={id} name={title} />
      </h2>
      {lead && <p class="lead">{lead}</p>}
      {children}
    </section>
  );
}

/**
 * A table that scrolls sideways where the page is narrow, and by keyboard; `under` is the id of a
 * heading that names it beside its caption.
 */
export function Table(
  { id, under, caption, head, children, sortable }: {
    id: string;
    under?: string;
    caption: ComponentChildren;
    head: ComponentChildren;
    children: ComponentChildren;
    sortable?: boolean;
  },
): JSX.Element {
  return (
    <div
      class="scroll"
      tabIndex={0}
      role="region"
      aria-labelledby={under ? `${under} ${id}-caption` : `${id}-caption`}
    >
      <table id={id} data-sortable={sortable ? "" : undefined}>
        <caption id={`${id}-caption`}>{caption}</caption>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** "step time" as "Step time"; symbols of a letter or two stay as they are. */
const capital = (name: string) => name.length > 2 ? name[0].toUpperCase() + name.slice(1) : name;

/** A column's heading, with its unit. */
export function Column(
  { name, unit, numeric, children }: {
    name: string;
    unit?: string;
    numeric?: boolean;
    children?: ComponentChildren;
  },
): JSX.Element {
  return (
    <th scope="col" class={numeric ? "num" : undefined}>
      {capital(name)}
      {unit && <span class="unit">{unit}</span>}
      {children}
    </th>
  );
}

/** A number that was formatted elsewhere; `sort` is what the column is sorted by. */
export function NumberCell(
  { sort, children, class: name }: {
    sort: number;
    children: ComponentChildren;
    class?: string;
  },
): JSX.Element {
  return <td class={name} data-v={Number(sort.toPrecision(6))}>{children}</td>;
}

/** An estimate: value, interval, and its number of samples where the table does not say it once. */
export function EstimateCell(
  { estimate, unit, scale, showCount, best }: {
    estimate: Estimate | undefined;
    unit: NumberUnit;
    scale?: NumberScale;
    showCount?: boolean;
    best?: boolean;
  },
): JSX.Element {
  if (!estimate) return <td class="none">–</td>;
  const { value, interval, unit: symbol } = formatEstimate(estimate, unit, { scale });
  const count = showCount && estimate.n > 0 ? `n ${estimate.n}` : "";
  const small = [interval, count].filter(Boolean).join(" · ");
  return (
    <NumberCell sort={estimate.value} class={best ? "best" : undefined}>
      {best && <span class="best-mark">best</span>}
      {value}
      {!scale && symbol && ` ${symbol}`}
      {small && <small>{small}</small>}
    </NumberCell>
  );
}

/** Words joined by commas, such as a plan: lines break between them where they can. */
export function Words({ text }: { text: string }): JSX.Element {
  const words = text.split(/(?<=,)/);
  return (
    <>
      {words.map((word, i) => <span key={i} class="word">{word}</span>)}
    </>
  );
}

/** The first cell of a row, which names it; the script adds the permalink to the row's id. */
export function RowHead(
  { name, sort }: { name: ComponentChildren; sort?: number },
): JSX.Element {
  return <th scope="row" data-v={sort}>{name}</th>;
}
