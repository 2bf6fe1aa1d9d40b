/**
 * Models as pure functions in the language of `core/arrays`, trained on the device and checked on the
 * host.
 *
 *     const program: ModelProgram = {
 *       parameters: { NAME: { shape: [rows, columns], init } },   // init: "zeros", { normal: 0.1 } ...
 *       states:     { NAME: { shape, init } },                    // moved without a gradient
 *       matrices:   { NAME: [rows, columns] },                    // what a batch holds
 *       indices:    { NAME: [rows, columns] },
 *       loss(g, { w, state, x, ids, training }) {                 // g: the language
 *         return { loss, figures: { NAME: matrix }, states: { NAME: matrix } };
 *       },
 *     };
 *     trainProgram(device, program, { seed, steps, batch: (step) => ({ NAME: numbers }), heldOut })
 *         -> { losses, heldOut: [{ loss, figures }], values }
 *     runProgram(device, program, { seed, values, batch })  -> { loss, figures }
 *     runProgramOnHost(program, { seed, values, batch })    -> the same in 64-bit floats
 *     programGradientError(device, program, { seed, batch })
 *         -> { error, derivatives }; undefined where device and host chose otherwise
 *     createProgramTrainer(device, program, { seed, values, frozen }) -> step, losses, run, values
 *
 * Parts to build programs of: `blocks.ts` (norm, attention, dense networks, losses), `mixture.ts`
 * (experts behind any gate of the recipes), `decoder_parts.ts` (a small transformer around any blocks),
 * `decoder_program.ts` (with dense networks or experts).
 *
 * @module
 */
export * from "./program.ts";
export * from "./program_trainer.ts";
export * from "./train_program.ts";
export * from "./host_program.ts";
export * from "./program_gradient.ts";
export * from "./attention.ts";
export * from "./blocks.ts";
export * from "./chosen_experts.ts";
export * from "./mixture.ts";
export * from "./decoder_parts.ts";
export * from "./decoder_program.ts";
