/**
 * What the report of `routing` says.
 *
 * @module
 */
import { type Estimate, exactly } from "../../../kernels/base/estimate.ts";
import { formatNumber, formatSigned } from "../../../reports/format.ts";
import type { Result } from "../../../reports/result.ts";
import type { Card, CardFigure } from "../../../reports/visuals.ts";
import { stretchOf } from "../../training/trace/simulate_trace.ts";
import { settled } from "./equal_tokens.ts";
import { isSpecialised } from "./specialisation.ts";
import type { RoutingStudy } from "./study.ts";
import { mostSpecialised } from "./study_visuals.ts";
import type { TraceCost } from "./trace_cost.ts";
import type { TracedExchange } from "./trace_exchange.ts";
import { mean } from "../../mean.ts";

const bitsOf = ({ value, lo, hi }: Estimate) => {
  const [a, b, c] = [value, lo, hi].map((x) => formatNumber(x, "plain", 3));
  return `${a} bits (${b} to ${c})`;
};

const percent = (share: number) => formatNumber(share, "fraction", 3);

function specialisationWords({ texts, specialisation }: RoutingStudy): string {
  if (!specialisation) return "There is one domain, of which experts can say nothing";
  const sure = specialisation.filter(isSpecialised).length;
  const layer = mostSpecialised(specialisation);
  const { bits, chance, knownFraction } = specialisation[layer];
  const layers = texts.layers.length;
  const answer = sure === 0 ? "No" : "Yes";
  return `${answer}: experts tell the domains of the text apart beyond chance in ${sure} of ` +
    `${layers} layers; a choice of layer ${texts.layers[layer]} says ${bitsOf(bits)} of the ` +
    `domain, ${percent(knownFraction.value)} of what there is to know, where chance reaches ` +
    `${formatNumber(chance.hi, "plain", 2)}`;
}

/** The answer. */
export function studyVerdict(study: RoutingStudy): string {
  const { agreement } = study;
  const [equal, any] = (["equal", "any"] as const)
    .map((key) => percent(mean(agreement.map((one) => one[key].value))));
  return `${specialisationWords(study)}. Equal tokens of different texts share ${equal} of their ` +
    `experts, any two tokens ${any}.${certaintyWords(study)}`;
}

/** How sure routers are, beside how evenly experts are used. */
function certaintyWords({ texts: { experts }, loads }: RoutingStudy): string {
  const bits = loads.flatMap(({ routerBits }) => routerBits ? [routerBits.value] : []);
  if (bits.length === 0) return "";
  const most = Math.log2(experts);
  const shown = (x: number) => formatNumber(x, "plain", 3);
  const load = most * mean(loads.map(({ loadEntropyFraction }) => loadEntropyFraction.value));
  return ` Of one token a router leaves ${shown(mean(bits))} bits open between its ${experts} ` +
    `experts, where one that tells nothing leaves ${shown(most)}; of all tokens together loads ` +
    `leave ${shown(load)}.`;
}

/** What follows from it. */
export function studyDecision({ path, words, simulated, refused }: TraceCost): string {
  if (!simulated) return `The trace lies in ${path}; no cluster was simulated: ${refused}.`;
  const { model, cluster, plan } = words;
  return `Simulate clusters with --routing ${path}: a step of ${model} on ${cluster} (${plan}) is ` +
    `${formatSigned(stretchOf(simulated))} longer under these loads than under equal ones. Loads ` +
    "of other text would change this.";
}

/** The study on a card. */
export function studyCard(
  study: RoutingStudy,
  options: { settings: Card["settings"]; cost: TraceCost },
): Card {
  const { loads, specialisation, agreement } = study;
  const { settings, cost } = options;
  const busiest = loads.map(({ busiestOverMean }) => busiestOverMean)
    .reduce((a, b) => b.value > a.value ? b : a);
  const equal = agreement.map((one) => one.equal).reduce((a, b) => b.value > a.value ? b : a);
  const figures: CardFigure[] = [
    { key: "busiestOverMean", label: "busiest expert over the mean", value: busiest },
    ...specialisation
      ? [{
        key: "domainKnownFraction",
        label: "of the domain, told by a choice",
        value: specialisation[mostSpecialised(specialisation)].knownFraction,
      }]
      : [],
    { key: "equalTokensFraction", label: "of their experts, shared by equal tokens", value: equal },
    ...cost.simulated
      ? [{
        key: "longerFraction",
        label: "a cluster's step is longer by",
        value: exactly(
          stretchOf(cost.simulated),
          "simulated under the trace and under equal loads",
        ),
      }]
      : [],
  ];
  return {
    id: "found",
    title: "The model and its routing",
    note: "Figures of the layer that has most of each.",
    kind: "measured",
    ...{ figures, settings, paragraphs: [] },
  };
}

/** What an all-to-all carries under the trace. */
function exchangeWords({ ranks, fullestOverMean, reached }: TracedExchange): string {
  const [fullest, counted, expected] = [fullestOverMean, reached.counted, reached.expected]
    .map((x) => formatNumber(x, "plain", 3));
  return `Counted from the trace, the fullest of ${ranks} ranks receives ${fullest} times the mean ` +
    "bytes of a dispatch, mean of the layers; the simulated step carries the counted bytes. That " +
    `counts a row for each choice. A token reaches ${counted} of the ranks: dispatchers that send ` +
    `it once to each carry so many rows, where the simulator, which has no pairs of choices, takes ` +
    `the ${expected} of equally wanted experts.`;
}

/** How it was done, and its limits. */
export function studyNotes(
  study: RoutingStudy,
  { path, words, refused, exchange }: TraceCost,
): Result["notes"] {
  const { sequences } = study.texts;
  return [
    {
      heading: "What is counted",
      paragraphs: [
        `The experts that the routers chose for each token of ${sequences.length} sequences, each ` +
        "read from an empty cache; nothing is dropped.",
        "Entropy of the load is 100 % where all experts are chosen alike. Entropy of the weights is " +
        "that of a token's own experts, as their weights are: 100 % where each counts alike.",
        "Entropy of the router is that of one token over all experts, before any is chosen: of the " +
        "softmax of its logits, or of sigmoids over their sum where the model scores by these. It " +
        "is 0 where the router is sure, and log2 E where it tells nothing. Loads can be even under " +
        "a router that is sure of each token, so that the two are not the same.",
      ],
    },
    {
      heading: "Intervals",
      paragraphs: [
        "Tokens of one text are alike, so that whole sequences are drawn again, each domain with as " +
        "many as it has; 95 % of the draws lie within an interval.",
        "What experts say of the domain is mutual information. From few sequences it is above 0 " +
        "even by chance: the domains are dealt to the sequences anew, the mean of that is taken " +
        "off, and where 95 % of it lie is shown as chance.",
      ],
    },
    {
      heading: "Equal tokens",
      paragraphs: [
        "OpenMoE (arXiv 2402.01739) finds that its experts specialise by token, whatever the " +
        "context. Here two occurrences of a token in different sequences are compared by the share " +
        "of experts that they have in common, and by where one of them stands; the other may " +
        "stand anywhere.",
        `A token is said to be sent alike where it stands ${settled.occurrences} times or more and ` +
        `two of its occurrences share ${100 * settled.agreement} % of their experts or more.`,
      ],
    },
    {
      heading: "From the trace to a step",
      paragraphs: [
        `Choices by layer and expert are written as JSON with the key counts_LE: ${path}. The ` +
        "simulator takes the shares of each layer for its own; a model with more layers takes " +
        "those of the trace in turn, and every rank's tokens choose alike: counts do not tell whose " +
        "tokens they were.",
        ...exchange ? [exchangeWords(exchange)] : [],
        refused ??
          "The same by hand: simulate " +
            `--model ${words.model} --cluster ${words.cluster} --plan ${words.plan} --routing ${path}`,
      ],
    },
  ];
}
