/** The cellar: what every floor may use. @module */
export * from "./config.ts";
export * from "./errors.ts";
export * from "./estimate.ts";
export * from "./op.ts";
export * from "./profile_schema.ts";
export * from "./random.ts";
