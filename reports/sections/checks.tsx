/** Checks that the run made of itself. @module */
import type { JSX } from "preact";
import { formatPlain } from "../format.ts";
import { anchor } from "../html.ts";
import type { Result } from "../result.ts";
import { Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** Table of checks. */
export function Checks({ checks }: { checks: Result["checks"] }): JSX.Element {
  const failed = checks.filter((c) => !c.passed).length;
  const all = checks.length === 1 ? "The check" : `All ${checks.length} checks`;
  return (
    <Section
      id="checks"
      title="Checks"
      lead={failed > 0
        ? `${failed} of ${checks.length} checks failed: mind them before you trust the rest.`
        : `${all} of this run passed.`}
    >
      <Table
        id="checks-table"
        caption="Checks that the run made of itself, and their limits"
        head={
          <>
            <Column name="Check" />
            <Column name="Outcome" />
            <Column name="Value" numeric />
            <Column name="Limit" numeric />
            <Column name="What it says" />
          </>
        }
      >
        {checks.map((c) => {
          const id = anchor("check", c.name);
          return (
            <tr key={id} id={id}>
              <RowHead name={c.name} />
              <td>
                <span class={c.passed ? "pass" : "fail"}>{c.passed ? "✓ passed" : "✗ failed"}</span>
              </td>
              <NumberCell sort={c.value}>{formatPlain(c.value, 3)}</NumberCell>
              <NumberCell sort={c.limit}>{formatPlain(c.limit, 3)}</NumberCell>
              <td class="prose">{c.note}</td>
            </tr>
          );
        })}
      </Table>
    </Section>
  );
}
