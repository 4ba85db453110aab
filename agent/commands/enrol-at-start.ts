import { parseJoin } from '@certherd/protocol/join';
import type { Ports } from '../ports.ts';
import { enrol } from '../report/enrolment.ts';
import { loadEnrolment } from '../report/identity.ts';
import { reconnectDelay } from '../report/reconnect.ts';
import { worded } from './enroll.ts';

/** The credential that holds a join string, for hosts that an image or cloud-init makes. */
export const joinCredential = 'certherd.join';

/**
 * Enrols a host that is not enrolled with the join string that it was given, beside the first look. A collector that cannot be
 * reached yet is asked again; every other end is one line, after which the agent goes on alone. The token is in no line.
 */
export function enrolAtStart(
  ports: Pick<Ports, 'state' | 'openCollectorSocket' | 'clock' | 'random' | 'log'>,
  text: string | undefined,
  hostName: string,
  stateDirectory: string,
): { stop(): void } {
  const { state, clock, log } = ports;
  let stopped = false;
  let cancel = () => {};
  const isOpen = () => {
    const enrolment = loadEnrolment(state);
    return !stopped && enrolment.ok && enrolment.value === undefined;
  };
  const attempt = async (joinText: string, failures: number): Promise<void> => {
    const join = parseJoin(joinText);
    if (!join.ok) {
      log.warn({}, `not enrolled, and so alone: the credential ${joinCredential} cannot be used: ${join.failure}`);
      return;
    }
    const { authority } = join.value;
    const enrolled = await enrol(ports, join.value, hostName);
    if (enrolled.ok) {
      log.info({ agentId: enrolled.value.agentId }, `enrolled with ${authority}`);
      return;
    }
    const { reason, detail } = enrolled.failure;
    if (reason !== 'unreachable' && detail !== 'try-later') {
      log.warn({}, `not enrolled, and so alone: ${worded(enrolled.failure, authority, stateDirectory)}`);
      return;
    }
    const ms = reconnectDelay(failures + 1, ports.random());
    log.info({ collector: authority, why: detail, nextTryMs: Math.round(ms) }, 'not enrolled yet');
    cancel = clock.after(ms, () => {
      if (isOpen()) void attempt(joinText, failures + 1);
    });
  };
  if (text !== undefined && isOpen()) void attempt(text, 0);
  return {
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
