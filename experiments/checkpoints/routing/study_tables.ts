/**
 * A routing study as tables.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import type { ToldTable } from "../../training/router_table.ts";
import type { TextTokens } from "../tokens.ts";
import { settled } from "./equal_tokens.ts";
import type { RoutingStudy } from "./study.ts";

/** Tokens that are shown of a layer, and of all. */
const tokensShown = { layer: 8, all: 48 } as const;

type Told = Pick<Row, "labels" | "metrics"> & { warnings?: string[] };

/** Rows of a table: measured, named by their labels. */
async function tableOf(info: TableInfo, told: readonly Told[]): Promise<ToldTable> {
  const rows = told.map(async ({ labels, metrics, warnings = [] }): Promise<Row> => ({
    id: await contentId({ table: info.id, labels }),
    ...{ table: info.id, labels, metrics, warnings, kind: "measured" },
  }));
  return { info, rows: await Promise.all(rows) };
}

function layerTable(study: RoutingStudy): Promise<ToldTable> {
  const { texts, loads, specialisation, agreement, settled: sent } = study;
  return tableOf(
    {
      id: "layers",
      title: "Layer by layer",
      note:
        "Entropies are shares of the most that there could be; router bits are the entropy of what " +
        "the router gives all experts of a token, and a router that tells nothing would have all of " +
        "equal bits. Domain bits are those that a choice says of the domain, less what shuffled " +
        "domains say; chance is where 95 % of the shuffles lie.",
      columns: [
        ...["layer", "busiestOverMean", "loadEntropyFraction", "routerEntropyFraction"],
        ...["routerBits", "equalBits", "weightEntropyFraction"],
        ...["domainBits", "chanceBits", "domainKnownFraction", "equalTokensFraction"],
        ...["anyTokensFraction", "settledFraction"],
      ],
    },
    texts.layers.map((layer, i) => {
      const { counts_E: _, ...load } = loads[i];
      const told = specialisation?.[i];
      return {
        labels: { layer },
        metrics: {
          ...load,
          ...load.routerBits && { equalBits: exactly(Math.log2(texts.experts), "log2 of experts") },
          ...told && {
            domainBits: told.bits,
            chanceBits: told.chance,
            domainKnownFraction: told.knownFraction,
          },
          equalTokensFraction: agreement[i].equal,
          anyTokensFraction: agreement[i].any,
          settledFraction: exactly(sent[i].settledFraction, "counted"),
        },
      };
    }),
  );
}

function domainTable({ texts, losses }: RoutingStudy): Promise<ToldTable> {
  return tableOf(
    {
      id: "domains",
      title: "The texts",
      note: "Mean loss of the next token: a checkpoint that was read wrongly would show it here.",
      columns: ["domain", "sequencesCount", "tokensCount", "loss", "perplexity"],
    },
    texts.domains.map((domain, i) => {
      const own = texts.sequences.filter((one) => one.domain === i);
      const loss = losses?.[i];
      return {
        labels: { domain },
        metrics: {
          sequencesCount: exactly(own.length, "counted"),
          tokensCount: exactly(own.reduce((sum, { ids }) => sum + ids.length, 0), "counted"),
          ...loss && {
            loss,
            perplexity: {
              ...loss,
              ...{ value: Math.exp(loss.value), lo: Math.exp(loss.lo), hi: Math.exp(loss.hi) },
            },
          },
        },
      };
    }),
  );
}

function pairTable({ texts, pairs }: RoutingStudy): Promise<ToldTable> {
  return tableOf(
    {
      id: "pairs",
      title: "Experts that are chosen together",
      note:
        "Tokens that chose both over those that independent choices would give. Picked by one " +
        "half of the sequences, counted in the other.",
      columns: ["layer", "experts", "lift", "togetherCount"],
    },
    pairs.map(({ layer, experts, lift, together }) => ({
      labels: { layer: texts.layers[layer], experts: experts.join(" and ") },
      metrics: { lift, togetherCount: exactly(together, "counted") },
      warnings: lift.lo <= 1 ? ["may be chance"] : [],
    })),
  );
}

function tokenTable(
  { texts, settled: sent }: RoutingStudy,
  tokens: TextTokens,
): Promise<ToldTable> {
  const shown = sent.flatMap((layer) => layer.tokens.slice(0, tokensShown.layer))
    .slice(0, tokensShown.all);
  return tableOf(
    {
      id: "tokens",
      title: "Tokens that are sent alike wherever they stand",
      note:
        `Tokens that stand ${settled.occurrences} times or more in the texts, any two of whose ` +
        `occurrences share ${
          100 * settled.agreement
        } % of their experts or more; the most frequent.`,
      columns: ["layer", "token", "experts", "occurrencesCount", "sharedFraction"],
    },
    shown.map(({ layer, id, occurrences, agreement, experts }) => ({
      labels: {
        layer: texts.layers[layer],
        token: `${JSON.stringify(tokens.decode([id]))} (${id})`,
        experts: experts.join(", "),
      },
      metrics: {
        occurrencesCount: exactly(occurrences, "counted"),
        sharedFraction: exactly(agreement, "mean over all pairs of occurrences"),
      },
    })),
  );
}

/** All tables that have rows. */
export async function studyTables(study: RoutingStudy, tokens: TextTokens): Promise<ToldTable[]> {
  const all = await Promise.all([
    layerTable(study),
    domainTable(study),
    pairTable(study),
    tokenTable(study, tokens),
  ]);
  return all.filter(({ rows }) => rows.length > 0);
}
