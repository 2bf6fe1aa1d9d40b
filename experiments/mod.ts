/** Questions, each one a file, and the command line. @module */
export {};
