/** What a mixture of experts is: descriptions, gates, layers. @module */
export {};
