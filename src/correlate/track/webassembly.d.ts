/** The part of the WebAssembly JavaScript interface that is used here: TypeScript has it in its browsers' library alone. */
declare namespace WebAssembly {
  class Module {
    constructor(octets: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, (() => void) | Memory>>);
    readonly exports: object;
  }

  class Memory {
    /** Sizes in pages of 64 KiB. */
    constructor(descriptor: { initial: number; maximum: number; shared: boolean });
    readonly buffer: ArrayBuffer;
  }
}
