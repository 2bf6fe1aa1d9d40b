/** The answer first: question, verdict, decision, and the few numbers behind them. @module */
import type { JSX } from "preact";
import { formatNumber, formatPlain } from "../format.ts";
import { hrefTo } from "../html.ts";
import type { Result } from "../result.ts";

interface Fact {
  value: string;
  label: string;
  href: string;
  bad?: boolean;
}

function factsOf(result: Result): Fact[] {
  const facts: Fact[] = [];
  // A card says what matters; beside it only what went wrong is worth a word.
  const all = result.cards === undefined;
  for (const s of result.pairSummaries) {
    facts.push({
      value: formatNumber(s.medianAbsoluteError, "fraction", 2),
      label: `median error, ${s.group} (n\u00a0=\u00a0${s.n})`,
      href: hrefTo("parity"),
    });
  }
  const first = result.pairSummaries[0];
  if (first) {
    facts.push({
      value: formatPlain(first.kendallTau, 2),
      label: `Kendall τ, ${first.group} (1 ranks all pairs right)`,
      href: hrefTo("parity"),
    });
  }
  const passed = result.checks.filter((c) => c.passed).length;
  if (result.checks.length > 0 && (all || passed < result.checks.length)) {
    facts.push({
      value: `${passed} of ${result.checks.length}`,
      label: "checks passed",
      href: hrefTo("checks"),
      bad: passed < result.checks.length,
    });
  }
  const warned = result.rows.filter((r) => r.warnings.length > 0).length;
  if (warned > 0 && all) {
    facts.push({
      value: `${warned} of ${result.rows.length}`,
      label: "rows carry a warning",
      href: hrefTo(`table-${result.rows.find((r) => r.warnings.length > 0)!.table}`),
    });
  }
  return facts;
}

/** Head of the page. */
export function Answer({ result }: { result: Result }): JSX.Element {
  const facts = factsOf(result);
  const { adapter } = result.provenance;
  return (
    <header class="answer" id="answer">
      <p class="eyebrow">
        moelab report <span aria-hidden="true">·</span> {result.experiment}
      </p>
      <h1>{result.title}</h1>
      <p class="question">{result.question}</p>
      <div class="verdict">
        <p class="verdict-text">{result.verdict}</p>
        <p>
          <strong>What it decides.</strong> {result.decision}
        </p>
      </div>
      {adapter.software && (
        <p class="notice">
          <strong>Software adapter.</strong>{" "}
          Times were taken on a WebGPU adapter that runs on the CPU; they say nothing of a GPU.
        </p>
      )}
      {facts.length > 0 && (
        <ul class="facts">
          {facts.map((f) => (
            <li key={f.label}>
              <a href={f.href} class={f.bad ? "bad" : undefined}>
                <span class="fact-value">{f.value}</span>
                <span class="fact-label">{f.label}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}
