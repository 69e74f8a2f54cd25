/** The compiled module, in base64: `build.mjs` writes it. */
export declare const MODULE: string;
