/** A way to run a shell on a node, with its three streams here. */
export interface Transport {
  /** As it was given, for messages. */
  name: string;
  /**
   * Program and arguments that run `sh -c COMMAND returnpath-agent` on the node. The command holds no single quote.
   */
  argv(command: string): string[];
  /**
   * Takes away what the transport itself left behind, once the program has ended.
   *
   * @param said what the program wrote to standard error, beside what the shell did
   */
  cleanUp?(said: string): Promise<void>;
}

/** Makes a transport of the part of a URL behind its scheme. */
export interface TransportKind {
  /** `ssh` of `ssh://…`; for one without anything behind it, its whole text. */
  scheme: string;
  /** For help: `ssh://[USER@]HOST[:PORT]`. */
  usage: string;
  /** @throws UsageError */
  parse(url: URL, text: string): Transport;
}
