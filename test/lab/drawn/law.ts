/** What has to hold of an analysis, whatever was set on the machines, by what the client itself experienced. */
import type { Analysis, AnalysisAttempt, Finding } from '../../../src/model/analysis.js';
import type { Truth } from '../truth.js';

/** A connection that took longer had a SYN to send again. */
const LATE_MS = 900;

/** What is wrong with the analysis of a recording. */
export function brokenBy({ client, protocol }: Truth, { attempts, findings }: Analysis): string[] {
  const faults = findings.filter(({ severity }) => severity === 'fault');
  const seen = attempts.filter(({ outcome }) => outcome !== 'midstream');
  return client.flatMap(({ sourcePort, result, milliseconds }, i) => {
    const own = seen.filter(({ client }, nth) =>
      protocol === 'icmp' ? nth === i : client.port === sourcePort,
    );
    const isOf = ({ attempts: ids }: Finding) => own.some(({ id }) => ids.includes(id));
    const told = faults.filter(isOf);
    const of = `port ${sourcePort}, ${result} after ${Math.round(milliseconds)} ms`;
    if (result === 'connected') {
      return milliseconds < LATE_MS && told.length > 0 ? [`${of}: ${told.map(brief).join('; ')}`] : [];
    }
    // A lone ping may go unanswered by design: where nothing shows that an answer is due, that it is told is enough.
    const isTold = protocol === 'icmp' ? findings.some(isOf) : told.length > 0;
    return !isTold && own.some((attempt) => isToBeTold(attempt, protocol))
      ? [`${of}: ${own.map(({ outcome }) => outcome)}, and no fault is found`]
      : [];
  });
}

/** What answers a datagram may be lost behind the last capture, and nothing shows it there. */
function isToBeTold({ outcome }: AnalysisAttempt, protocol: Truth['protocol']): boolean {
  return protocol === 'tcp' || outcome !== 'established';
}

export function brief({ cause, confidence, node, interface: device }: Finding): string {
  return `${cause} ${confidence} ${node} ${device}`;
}
