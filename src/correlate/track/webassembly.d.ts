/** The part of the WebAssembly JavaScript interface that is used here: TypeScript has it in its browsers' library alone. */
declare namespace WebAssembly {
  class Module {
    constructor(octets: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, () => void>>);
    readonly exports: object;
  }

  interface Memory {
    readonly buffer: ArrayBuffer;
  }
}
