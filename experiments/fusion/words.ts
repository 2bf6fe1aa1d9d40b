/**
 * What the report of the fusion of experts says.
 *
 * @module
 */
import { formatPlain } from "../../reports/format.ts";
import type { Result } from "../../reports/result.ts";
import { say, sayNames } from "../training/router_words.ts";
import { askedOfWay, lossAbove, lossOfWay, sideOfWay } from "./compare.ts";
import type { FusionFigures, Way } from "./figures.ts";
import { fuserWays } from "./fusers.ts";
import type { FusionValues } from "./parameters.ts";
import { CONTROL, waysIn } from "./table.ts";

const plain = (x: number) => formatPlain(x, 4);

const lowest = (figures: FusionFigures, ways: readonly Way[]): Way =>
  ways.toSorted((a, b) => lossOfWay(figures, a.id).value - lossOfWay(figures, b.id).value)[0];

/** The frugal way at the price that was chosen. */
const chosenFrugal = (figures: FusionFigures, { price }: Pick<FusionValues, "price">): Way =>
  waysIn(figures).find((way) => way.price === price)!;

/** The loss of a way above the mean of predictions, with the side where there is one. */
function againstMean(figures: FusionFigures, id: string): string {
  const side = sideOfWay(figures, id, CONTROL);
  const said = say(lossAbove(figures, id, CONTROL));
  return side === "undecided" ? said : `${said} (${side})`;
}

/** The answer. */
export function fusionVerdict(
  figures: FusionFigures,
  values: Pick<FusionValues, "price">,
): string {
  const ways = waysIn(figures);
  const of = (kind: Way["kind"]) => ways.filter((way) => way.kind === kind);
  const loss = (id: string) => say(lossOfWay(figures, id));
  const alone = lowest(figures, of("expert"));
  const fusers = of("fuser").map(({ id, name }) => `${name} ${againstMean(figures, id)}`);
  const frugal = chosenFrugal(figures, values);
  const asked = askedOfWay(figures, frugal.id).value;
  const one = figures.replicates.length === 1;
  return (one ? "Undecided with one seed; what it gave, in" : "In") +
    ` nats a token over all domains: the best expert alone (${alone.name}) has ${
      loss(alone.id)
    }, ` +
    `averaged parameters ${loss("averaged")}, the mean of all predictions ${
      loss(CONTROL)
    }, their ` +
    `mixture by posterior ${loss("posterior")}, and who knows the domain ${loss("oracle")}. ` +
    `Against the mean, on equal sequences: ${fusers.join("; ")}. The frugal fuser asks ${
      plain(asked)
    } of ${figures.experts.length} experts of a token and has ${loss(frugal.id)}, ` +
    `${againstMean(figures, frugal.id)} against the mean.`;
}

/** What follows from it. */
export function fusionDecision(figures: FusionFigures): string {
  const learned = waysIn(figures).filter(({ kind }) => kind === "fuser");
  const best = lowest(figures, learned);
  const good = learned.filter(({ id }) => sideOfWay(figures, id, CONTROL) === "better");
  const against = sideOfWay(figures, best.id, "posterior");
  const posterior = {
    better: `${best.name} is also better than a posterior, which needs no training.`,
    worse: `A posterior over experts, which needs no training, is better than ${best.name}.`,
    alike:
      `A posterior over experts, which needs no training, is not told apart from ${best.name}.`,
    undecided: "",
  }[against];
  if (against === "undecided") {
    return `Run it on more seeds (--full) before a fuser is chosen: lowest here is ${best.name}, ` +
      `${
        say(lossAbove(figures, best.id, "posterior"))
      } nats a token against a posterior over experts, ` +
      "which needs no training.";
  }
  const others = good.filter(({ id }) => id !== best.id).map(({ name }) => name);
  const also = others.length > 0 ? `, and ${sayNames(others)} too` : "";
  return (good.length > 0
    ? `Where experts must stay as they are, fuse them by ${best.name}: better than the mean of ` +
      `their predictions${also}. `
    : "No fuser was better than the mean of the experts' predictions. ") +
    `${posterior} Experts that lie further apart, or more text for the fuser, would change this.`;
}

/** How it was done, and its limits. */
export function fusionNotes(figures: FusionFigures, values: FusionValues): Result["notes"] {
  const { seeds, fuserSteps, sequences, length, hidden, neighbours, known, text, price } = values;
  return [
    {
      heading: "What was fused",
      paragraphs: [
        `The experts: ${figures.experts.join(", ")}. The text: ${
          text.join(", ")
        }, with the domains ` +
        `${figures.domains.join(", ")}. The experts stay as they are: no number of their weights ` +
        "changed, which the run checks bit by bit.",
        `A fuser has one hidden layer of ${hidden} units that reads the experts' chances of the next ` +
        `token. All fusers learn from the same ${fuserSteps} batches of ${sequences} sequences of ` +
        `${length} tokens, of all domains alike; AdamW, a warm-up and a cosine.`,
        ...fuserWays.filter((way) => !way.hidden).map(({ name, note }) => `${name}: ${note}.`),
      ],
    },
    {
      heading: "How experts are asked frugally",
      paragraphs: [
        "Token by token, one expert after the other. The first is the best of known text for its " +
        `price. What each further set of experts would give is the mean loss of ${neighbours} ` +
        `tokens, of ${known} batches of known text that no fuser learned from, which lie nearest by ` +
        "what those asked have said. The set with the least expected loss and price is aimed at; " +
        `where that is the one already asked, no more are. The price of the row in the verdict is ` +
        `${price} nats an expert.`,
        "The fuser is one that learned with sets of experts drawn at random, and that knows of each " +
        "expert it asks the mean loss on the text so far, which that expert has to read anyway. This, " +
        "neighbours by the fuser's own hidden sums, and their number are defaults of this suite.",
        "An expert counts as asked where its prediction of a token is used. A transformer that is asked " +
        "has to have read the text before: what is counted are predictions, not FLOP.",
      ],
    },
    {
      heading: "What the intervals say",
      paragraphs: [
        seeds > 1
          ? `Experts and fusers were trained on ${seeds} seeds; intervals are those of the mean over ` +
            "seeds, Student's t, 95 %, and a side is named where the interval of the difference on " +
            "equal seeds and sequences leaves out 0."
          : "With one seed intervals are those of the held-out sequences, Student's t, 95 %. They " +
            "say how well these models were measured, and nothing of others: nothing is decided.",
        "The expert of a domain is the one with the least loss on known text of it. The posterior is " +
        "that of the sequence so far, from an even prior on.",
      ],
    },
  ];
}
