/** What `src/wasm/ahead.ts` exports; numbers that are offsets into the memory are of octets. */
export interface AheadFunctions {
  behindRecords(at: number, end: number, before: number, isSwapped: number, most: number): number;
  briefCount(): number;
  readWindow(
    slot: number,
    at: number,
    end: number,
    linkType: number,
    isSwapped: number,
    unit: number,
    most: number,
    wanted: number,
    mayLetGo: number,
    scratch: number,
  ): number;
}
