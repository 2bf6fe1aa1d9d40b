/** Applications: pictures, two tasks of recommendation, pictures with captions. @module */
export * from "./recipe.ts";
export * from "./measures.ts";
export * from "./images.ts";
export * from "./vision.ts";
export * from "./ratings.ts";
export * from "./recommendation.ts";
export * from "./multimodal.ts";
export * from "./table.ts";
