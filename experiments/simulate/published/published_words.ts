/**
 * What the report of the published measurements says of how it was made.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";

/** How each part was done, and its limits. */
export const notes: Result["notes"] = [
  {
    heading: "What is compared",
    paragraphs: [
      "Rows that their authors published: training steps with their whole plan, out-of-memory " +
      "sweeps, allocator readings, collectives, token exchanges and kernels. Each names its source; " +
      "experiments/published/cases/sources.md says what its figures mean. Steps are compared in " +
      "seconds, which conventions of FLOP do not touch.",
      "A step is predicted in closed form from four descriptions: the model's sizes, the plan, the " +
      "cluster with its device profile, and the software stack. Nothing in them is of one row: a " +
      "stack has some twenty numbers for all rows of a framework.",
    ],
  },
  {
    heading: "How to read the errors",
    paragraphs: [
      "Fitted errors flatter: the stacks saw these rows. Errors with a model or a source left out " +
      "say what to expect of steps that nobody measured. Large sweeps are told apart from the rest, " +
      "since one of them holds half of all rows.",
      "The rival of one rate for each source, device and number format has seen all rows. Where it " +
      "is as good, the simulator has learned nothing that the rate does not say.",
    ],
  },
  {
    heading: "Limits",
    paragraphs: [
      "Releases of one framework differ by more than their tables say: rows with identical printed " +
      "plans are up to 60 % apart. Settings that nobody printed are assumed by rules for a whole " +
      "source, listed in experiments/published/sources.ts.",
      "The structure of the closed form was made with these rows at hand, so that even errors with " +
      "rows left out are a little better than those of steps from elsewhere.",
    ],
  },
];
