/**
 * Derivatives of a mixture of experts as rows of a table: what each work changes of a small decoder, as
 * a program. Survey, arXiv 2407.06204, section 4.5.
 *
 * A derivative may be trained in two stages; the first is then another program, on other text.
 *
 * @module
 */
import type { DecoderSizes } from "../programs/decoder_parts.ts";
import type { ModelProgram, ProgramValues } from "../programs/program.ts";

/** Sizes of the decoder that a derivative changes. */
export interface DerivativeSizes extends DecoderSizes {
  /** Experts of a layer, or what takes their place. */
  experts: number;
  /** Steps of a training, for gates that change on the way; 1000 where absent. */
  steps?: number;
}

/** Text that is learned: `old` comes first, `new` has another distribution. */
export type DerivativeText = "all" | "old" | "new";

/** What is trained before. */
export interface DerivativeStage {
  /** Names it: derivatives with one stage before begin with the same model. */
  id: string;
  /** The program. */
  program(sizes: DerivativeSizes): ModelProgram;
  /** The text it learns. */
  learns: DerivativeText;
  /** What the derivative begins with, of the values that this stage ended with. */
  values(values: Readonly<Record<string, Float32Array>>, sizes: DerivativeSizes): ProgramValues;
}

/** A derivative, or what one is held against. */
export interface DerivativeRecipe {
  /** Lower case with hyphens. */
  id: string;
  /** The work's name, as people write it. */
  name: string;
  /** arXiv id of the work, null where there is none. */
  arxiv: string | null;
  /** Section of the survey (arXiv 2407.06204). */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** The model. */
  program(sizes: DerivativeSizes): ModelProgram;
  /** The text it learns. */
  learns: DerivativeText;
  /** What is trained before; nothing where absent. */
  before?: DerivativeStage;
  /** Parameters that stay as they are; none where absent. */
  frozen?: (name: string) => boolean;
  /** Factor of the learning rate; 1 where absent. A few numbers before a frozen model need more. */
  rate?: number;
  /** Id of what it is held against. */
  against?: string;
  /**
   * How it sees tokens after the one that it predicts, where it does in training: it then serves as a
   * decoder as this says.
   */
  looksAhead?: string;
  /**
   * Parts whose values no source confirms, with what they are: defaults of this suite, never figures
   * of the work.
   */
  unverified?: Readonly<Record<string, string>>;
}
