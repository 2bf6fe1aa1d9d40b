/** What the BAM study says: claims, tables, the page, and lines for the command line. @module */
export * from "./claims.ts";
export * from "./claim_table.ts";
export * from "./difference.ts";
export * from "./lines.ts";
export * from "./premise.ts";
export * from "./published.ts";
export * from "./published_costs.ts";
export * from "./published_tasks.ts";
export * from "./rank_agreement.ts";
export * from "./report.ts";
export * from "./rows.ts";
export * from "./tables.ts";
