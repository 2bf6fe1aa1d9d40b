/** Tables of results: one row a configuration, each number with its interval. @module */
import type { JSX } from "preact";
import { formatPlain } from "../format.ts";
import { anchor } from "../html.ts";
import type { Row, TableInfo } from "../result.ts";
import { Ranges } from "../svg/ranges.tsx";
import {
  Badge,
  Column,
  EstimateCell,
  Permalink,
  RowHead,
  Section,
  Table,
  Words,
} from "./parts.tsx";
import { type Columns, columnsOf, methodsOf } from "./table_columns.ts";

const words = (key: string) => key.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2");

/** Labels longer than this, such as a plan in words, may break anywhere. */
const longLabel = 60;

const labelText = (label: string | number | undefined) =>
  label === undefined ? "–" : typeof label === "number" ? formatPlain(label, 6) : label;

function Notes({ row }: { row: Row }) {
  return (
    <td class="prose">
      {row.infeasible && <span class="fail">cannot run: {row.infeasible}</span>}
      {row.warnings.map((w) => <span key={w} class="warning">{w}</span>)}
    </td>
  );
}

function ResultRow(
  { row, columns, notes }: { row: Row; columns: Columns; notes: boolean },
): JSX.Element {
  const id = anchor("row", row.id);
  const [first, ...rest] = columns.labels;
  const name = first === undefined ? row.id : labelText(row.labels[first]);
  const sort = first === undefined ? undefined : row.labels[first];
  return (
    <tr id={id} class={row.infeasible ? "infeasible" : undefined}>
      <RowHead name={name} sort={typeof sort === "number" ? sort : undefined} />
      {rest.map((key) => {
        const label = row.labels[key];
        if (typeof label === "number") return <td key={key} data-v={label}>{labelText(label)}</td>;
        const long = (label?.length ?? 0) > longLabel;
        return long
          ? (
            <td key={key} class="long">
              <Words text={labelText(label)} />
            </td>
          )
          : <td key={key}>{labelText(label)}</td>;
      })}
      {columns.metrics.map((m) => (
        <EstimateCell
          key={m.key}
          estimate={row.metrics[m.key]}
          unit={m.unit}
          scale={m.scale}
          showCount={columns.samples === undefined}
          best={m.best !== undefined && row.metrics[m.key]?.value === m.best}
        />
      ))}
      <td>
        <Badge kind={row.kind} />
      </td>
      {notes && <Notes row={row} />}
    </tr>
  );
}

function ResultTable({ info, rows }: { info: TableInfo; rows: readonly Row[] }) {
  const id = anchor("table", info.id);
  const columns = columnsOf(rows, info);
  const notes = rows.some((r) => r.warnings.length > 0 || r.infeasible);
  const numeric = (key: string) => rows.every((r) => typeof r.labels[key] === "number");
  const methods = methodsOf(rows);
  return (
    <div id={id} class="result-table">
      <h3 id={`${id}-title`}>
        {info.title}
        <Permalink id={id} name={info.title} />
      </h3>
      {info.note && <p>{info.note}</p>}
      {info.ranges && rows.length > 0 && (
        <figure class="plot-figure">
          <Ranges rows={rows} info={info} />
        </figure>
      )}
      {rows.length === 0 ? <p>This table has no rows.</p> : (
        <Table
          id={`${id}-data`}
          under={`${id}-title`}
          sortable
          caption={`${rows.length} ${rows.length === 1 ? "row" : "rows"}${
            columns.samples ? `, each number from n = ${columns.samples} samples` : ""
          }`}
          head={
            <>
              {columns.labels.map((key, i) => (
                <Column key={key} name={words(key)} numeric={i > 0 && numeric(key)} />
              ))}
              {columns.labels.length === 0 && <Column name="row" />}
              {columns.metrics.map((m) => (
                <Column key={m.key} name={m.name} unit={m.scale?.symbol} numeric />
              ))}
              <Column name="kind" />
              {notes && <Column name="notes" />}
            </>
          }
        >
          {rows.map((row) => <ResultRow key={row.id} row={row} columns={columns} notes={notes} />)}
        </Table>
      )}
      {methods.length > 0 && (
        <p class="methods">
          {methods.map(([method, names], i) => (
            <span key={method}>
              {i > 0 && "; "}
              {methods.length > 1 && `${names.join(", ")}: `}
              {method}
            </span>
          ))}
          .
        </p>
      )}
    </div>
  );
}

/** The results section. */
export function Tables(
  { tables, rows }: { tables: readonly TableInfo[]; rows: readonly Row[] },
): JSX.Element {
  return (
    <Section
      id="results"
      title="Results"
      lead="One row a configuration. Small figures are the interval of the number above them."
    >
      {tables.map((t) => (
        <ResultTable
          key={t.id}
          info={t}
          rows={rows.filter((r) => r.table === t.id)}
        />
      ))}
    </Section>
  );
}
