/**
 * A checkpoint goes on with a text.
 *
 * @module
 */
import { generate, type InferenceStorage, type SamplingOptions } from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { Device } from "../../kernels/mod.ts";
import { openCheckpointFolder, runCheckpoint } from "./open_checkpoint.ts";

/** What is asked. */
export interface GenerateWords extends SamplingOptions {
  /** Folder of the model. */
  model: string;
  /** The text that it goes on with. */
  prompt: string;
  /** New tokens at most. */
  max: number;
  /** Seed of what is drawn. */
  seed: number;
  /** Storage of the weights. */
  storage: InferenceStorage;
  /** Bytes that the model may take; what the device has free where absent. */
  room?: number;
}

/** The world of a generation. */
export interface GenerateSite {
  /** Opens the device; called once the folder is known to hold a model. */
  openDevice(): Promise<Device>;
  /** Shown the text as it comes. */
  write(text: string): void;
  /** Told what is no part of the text. */
  say(line: string): void;
  /** Seconds that rise with wall time. */
  seconds(): number;
  /** Ends the generation before the next token. */
  signal?: AbortSignal;
}

/** What came of it. */
export interface GeneratedText {
  /** The new text. */
  text: string;
  /** Tokens of the prompt. */
  prompt: number;
  /** New tokens. */
  made: number;
  /** Why there are no more. */
  ended: "end" | "length" | "room";
  /** From the prompt to the last token. */
  seconds: number;
  /** Bytes of weights and cache on the device. */
  bytes: number;
}

/**
 * Has a checkpoint go on with a text.
 *
 * @throws {UserError} in a line for what cannot be used, before memory is taken for it.
 */
export async function generateText(
  words: GenerateWords,
  site: GenerateSite,
): Promise<GeneratedText> {
  const { model: path, prompt, max, storage, room } = words;
  const { signal, write, say } = site;
  const checkpoint = await openCheckpointFolder(path);
  const { folder, tokens } = checkpoint;
  try {
    const ids = tokens.encode(prompt, { marks: true });
    if (ids.length === 0) {
      throw new UserError(`Cannot go on with an empty prompt: ${tokens.name} give no token for it`);
    }
    say(`${folder.model.name}, ${tokens.name}`);
    const device = await site.openDevice();
    try {
      const maxTokens = ids.length + max;
      const inference = await runCheckpoint(device, checkpoint, { storage, maxTokens, room });
      try {
        const stream = tokens.stream();
        let text = "";
        const show = (part: string) => {
          text += part;
          if (part !== "") write(part);
        };
        const began = site.seconds();
        const { ids: made, ended } = await generate(inference, ids, {
          ...{ ...words, maxTokens: max, signal },
          onToken: (id) => folder.settings.ends.includes(id) || show(stream.push(id)),
        });
        show(stream.end());
        const seconds = site.seconds() - began;
        const bytes = inference.bytes().state.held;
        return { text, prompt: ids.length, made: made.length, ended, seconds, bytes };
      } finally {
        inference.close();
      }
    } finally {
      device.close();
    }
  } finally {
    folder.close();
  }
}
