/** The compiled module of `ahead.ts`, in base64: `build.mjs` writes it. */
export declare const MODULE: string;
