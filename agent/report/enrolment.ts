import type { RefusalReason } from '@certherd/protocol/frame';
import { type Failure, success } from '@certherd/protocol/failure';
import type { Join } from '@certherd/protocol/join';
import type { CollectorFailure, Ports } from '../ports.ts';
import { readCollectorFrame } from './frames.ts';
import {
  type Enrolment,
  forgetKey,
  keyFileOf,
  keyText,
  loadEnrolment,
  loadOrMakeKey,
  otherKeyFileOf,
  publicHalf,
  saveEnrolment,
} from './identity.ts';

export type EnrolmentFailure =
  | CollectorFailure
  | { reason: 'refused'; detail: RefusalReason }
  | { reason: 'state'; detail: Failure['detail'] };

/** What came of it. `mayStand`: the collector was told the token and has not said no, so it may have taken this key already. */
export type EnrolmentOutcome =
  | { ok: true; value: Enrolment }
  | { ok: false; failure: EnrolmentFailure; mayStand: boolean };

const answerMs = 15_000;
/** A fresh key, until the collector has answered: so that the same is sent again if the answer was lost. */
const enrollingKeyFile = 'agent-key-enrolling.pem';

/**
 * Spends the one-time token: the host's key is made and kept first, so that a lost reply can be asked for again with
 * the same token and key. The token is sent only to the server whose TLS key the join string pins. With `freshKey` the key
 * of an enrolment that is there is left to that one, which stands until the new one is made.
 */
export async function enrol(
  ports: Pick<Ports, 'state' | 'openCollectorSocket' | 'clock'>,
  join: Join,
  hostName: string,
  freshKey = false,
): Promise<EnrolmentOutcome> {
  const before = loadEnrolment(ports.state);
  const earlier = before.ok ? before.value : undefined;
  const isFresh = freshKey && earlier !== undefined;
  const key = loadOrMakeKey(ports.state, isFresh ? enrollingKeyFile : keyFileOf(earlier));
  if (!key.ok) return { ok: false, failure: { reason: 'state', detail: key.failure.detail }, mayStand: false };
  const opened = await ports.openCollectorSocket(join);
  if (!opened.ok) return { ...opened, mayStand: false };
  const socket = opened.value;
  let isTold = false;

  const answer = await new Promise<
    { ok: true; value: { agentId: string; collectorId: string } } | { ok: false; failure: EnrolmentFailure }
  >((resolve) => {
    const cancel = ports.clock.after(answerMs, () =>
      resolve({ ok: false, failure: { reason: 'unreachable', detail: `no answer within ${answerMs / 1000} s` } }),
    );
    void socket.closed.then(() => {
      cancel();
      resolve({
        ok: false,
        failure: { reason: 'not-a-collector', detail: 'it closed the connection without an answer' },
      });
    });
    socket.onMessage((text) => {
      const frame = readCollectorFrame(text);
      if (frame?.type === 'challenge') {
        isTold = true;
        socket.send(JSON.stringify({ type: 'enrol', token: join.token, publicKey: publicHalf(key.value), hostName }));
      } else if (frame?.type === 'enrolled') {
        resolve({ ok: true, value: frame });
      } else if (frame?.type === 'refused') {
        resolve({ ok: false, failure: { reason: 'refused', detail: frame.reason } });
      }
    });
  });
  socket.close();
  if (!answer.ok) return { ...answer, mayStand: isTold && answer.failure.reason !== 'refused' };
  const keyFile = isFresh ? otherKeyFileOf(earlier) : keyFileOf(earlier);
  const enrolment = {
    authority: join.authority,
    pin: join.pin,
    agentId: answer.value.agentId,
    collectorId: answer.value.collectorId,
    keyFile,
    keyMadeAt: ports.clock.now(),
  };
  const kept = isFresh ? ports.state.write(keyFile, keyText(key.value)) : success(undefined);
  const saved = kept.ok ? saveEnrolment(ports.state, enrolment) : kept;
  if (saved.ok && isFresh) for (const file of [enrollingKeyFile, keyFileOf(earlier)]) forgetKey(ports.state, file);
  return saved.ok
    ? { ok: true, value: enrolment }
    : { ok: false, failure: { reason: 'state', detail: saved.failure.detail }, mayStand: true };
}
