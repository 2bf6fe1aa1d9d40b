/** What one needs to reproduce the run and to judge it. @module */
import type { ComponentChildren, JSX } from "preact";
import { formatNumber } from "../format.ts";
import type { Provenance } from "../result.ts";
import { Section } from "./parts.tsx";

const Items = ({ items }: { items: [string, ComponentChildren][] }) => (
  <dl class="facts-list">
    {items.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

const Code = ({ children }: { children: ComponentChildren }) => <code>{children}</code>;

const byName = <T,>(record: Record<string, T>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);

function Named({ title, record }: { title: string; record: Record<string, string> }) {
  if (Object.keys(record).length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Items items={byName(record).map(([k, v]) => [k, <Code key={k}>{v}</Code>])} />
    </>
  );
}

/** Vendor of the adapter of a run that measures nothing. */
const noVendor = "none";

const adapterWords = (adapter: Provenance["adapter"]) =>
  [adapter.description || adapter.device, adapter.vendor, adapter.architecture]
    .filter(Boolean).join(", ") + (adapter.software ? " (software)" : " (hardware)");

/** Provenance card. */
export function ProvenanceCard({ provenance: p }: { provenance: Provenance }): JSX.Element {
  const { adapter } = p;
  const limits = byName(adapter.limits);
  return (
    <Section id="provenance" title="Provenance">
      <div class="card">
        <Items
          items={[
            ["Run", <Code key="run">{p.runId}</Code>],
            ["Started", p.startedAt],
            ["Took", formatNumber(p.wallSeconds, "seconds")],
            ["Commit", <Code key="commit">{p.commit}</Code>],
            ["Versions", byName(p.versions).map(([k, v]) => `${k} ${v}`).join(", ")],
            ["Seed", String(p.seed)],
            ["System", p.os],
            ["CPU", p.cpu],
            [
              "Adapter",
              adapter.vendor === noVendor ? adapter.description : adapterWords(adapter),
            ],
            ...(adapter.vendor === noVendor ? [] : [[
              "Timer",
              `${p.timer.kind}, in steps of ${formatNumber(p.timer.resolutionSeconds, "seconds")}`,
            ] as [string, ComponentChildren]]),
          ]}
        />
        <p class="command">
          <span>Reproduce with</span>
          <code>{p.command}</code>
        </p>
        <details>
          <summary>Adapter, inputs and kernels in full</summary>
          <Items
            items={[
              ["Device", adapter.device || "not told"],
              ["Subgroup size", String(adapter.subgroupSize)],
              ["Lock file", <Code key="lock">{p.lockHash}</Code>],
              ["Features", adapter.features.join(", ") || "none"],
            ]}
          />
          <Named title="Inputs, by hash" record={p.inputs} />
          <Named title="Kernel variants" record={p.kernels} />
          {limits.length > 0 && (
            <>
              <h3>Adapter limits</h3>
              <Items
                items={limits.map(([k, v]) => [k, formatNumber(v, "count")])}
              />
            </>
          )}
        </details>
      </div>
    </Section>
  );
}
