import { type Join, parseJoin } from '@certherd/protocol/join';
import type { Ports } from '../ports.ts';
import { enrol, type EnrolmentFailure, type EnrolmentOutcome } from '../report/enrolment.ts';
import { loadEnrolment } from '../report/identity.ts';
import { reconnectDelay } from '../report/reconnect.ts';
import { worded } from './enroll.ts';

/** The credential that holds a join string, for hosts that an image or cloud-init makes. */
export const joinCredential = 'certherd.join';

/**
 * Enrols a host that is not enrolled with the join string that it was given, beside the first look. It tries again until the collector
 * answers, since at a first boot much is not ready yet: the network, the clock, a proxy, the disk. What no waiting mends is one line, after
 * which the agent goes on alone. The token is in no line.
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
  const attempt = async (join: Join, failures: number): Promise<void> => {
    const before = loadEnrolment(state);
    if (stopped || (before.ok && before.value)) return;
    const enrolled: EnrolmentOutcome = before.ok
      ? await enrol(ports, join, hostName)
      : { ok: false, failure: { reason: 'state', detail: before.failure.detail }, mayStand: false };
    const { authority } = join;
    if (enrolled.ok) {
      log.info({ agentId: enrolled.value.agentId }, `enrolled with ${authority}`);
      return;
    }
    const why = worded(enrolled.failure, authority, stateDirectory);
    if (isFinal(enrolled.failure)) {
      log.warn({}, `not enrolled, and so alone: ${why}`);
      return;
    }
    if (stopped) return;
    const ms = reconnectDelay(failures + 1, ports.random());
    log.info({ collector: authority, why, nextTryMs: Math.round(ms) }, 'not enrolled yet');
    cancel = clock.after(ms, () => void attempt(join, failures + 1));
  };
  const begin = (joinText: string) => {
    const before = loadEnrolment(state);
    if (before.ok && before.value) return;
    const join = parseJoin(joinText);
    if (join.ok) void attempt(join.value, 0);
    else log.warn({}, `not enrolled, and so alone: the credential ${joinCredential} cannot be used: ${join.failure}`);
  };
  if (text !== undefined) begin(text);
  return {
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

/** Another collector stands there, or the right one has said no. */
function isFinal({ reason, detail }: EnrolmentFailure): boolean {
  return reason === 'wrong-pin' || (reason === 'refused' && detail !== 'try-later');
}
