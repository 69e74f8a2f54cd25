/** One question to a node's routing, answered for a person. Nothing in it is escaped yet. */
export interface Explanation {
  /** `node1`, or `node1 (network namespace pod1)`. */
  node: string;
  /** The packet in words. */
  packet: string;
  /** Whether the packet goes on, be it to the node itself. */
  passes: boolean;
  /** The verdict's name, and in a sentence. */
  verdict: string;
  sentence: string;
  /** What the kernel looked at, in its order. */
  steps: ExplanationStep[];
  /** What had to be assumed. */
  assumed: string[];
  /** To ask the kernel itself; null where `ip route get` cannot be asked this. */
  command: string | null;
}

export interface ExplanationStep {
  title: string;
  /** In the order to be read; each a line or a paragraph. */
  lines: string[];
}
