import { randomBytes } from 'node:crypto';
import type { Enrol, Enrolled, Hello, RefusalReason, Welcome } from '@certherd/protocol/frame';
import { agreedVersion, hashToken, isGenuine, readPublicKey } from './authenticate.ts';
import type { Gate } from './gate.ts';
import type { SessionState } from './records.ts';
import type { Session } from './sessions.ts';

/** What this connection was challenged with. */
export interface Challenged {
  collectorId: string;
  nonce: string;
}

export interface Refusal {
  refused: RefusalReason;
  retryAfterSeconds?: number;
}

/** Agents wait for once to twice as long: all that can be kept again is here within a minute of that. */
export const tryLater: Refusal = { refused: 'try-later', retryAfterSeconds: 20 };

/** How many events may be unacked at a time. */
export const eventWindow = 1_000;

/** Registers a key against a one-time token. Reused, expired and unknown tokens get one identical answer; a good one brings no revoked key back. */
export async function enrol(frame: Enrol, gate: Gate): Promise<Enrolled | Refusal> {
  const publicKey = readPublicKey(frame.publicKey);
  if (!publicKey) return { refused: 'frame-invalid' };
  const kept = await gate.records.enrol({
    tokenHash: hashToken(frame.token),
    publicKey,
    hostName: frame.hostName,
    proposedAgentId: randomBytes(16).toString('base64url'),
    at: gate.clock.now(),
  });
  if (!kept.ok) return tryLater;
  if (kept.value === undefined) return { refused: 'token-refused' };
  if ('revoked' in kept.value) return { refused: 'revoked' };
  gate.changed(['hosts', 'labels'], [kept.value.agentId]);
  return { type: 'enrolled', agentId: kept.value.agentId, collectorId: gate.collectorId };
}

/**
 * Checks a hello and starts its session. While an older one still answers, a second one is refused and the host flagged: its
 * state was copied. An older session that answers no more (its machine was reset, its connection is half-open) gives way.
 */
export async function greet(
  hello: Hello,
  challenge: Challenged,
  session: Session,
  isOpen: () => boolean,
  gate: Gate,
): Promise<Welcome | Refusal> {
  const { records, sessions, clock } = gate;
  const { agentId, bootId, generation, epoch, hostName, agentVersion } = hello;
  const version = agreedVersion(hello);
  if (version === undefined) return { refused: 'version-unsupported' };
  const identity = await records.identity(agentId);
  if (!identity || !isGenuine(hello, challenge, identity.publicKey)) return { refused: 'not-authenticated' };
  if (identity.revoked) return { refused: 'revoked' };
  const older = sessions.current(agentId);
  if (older ? await older.answers() : await records.others.answers(agentId)) return conflict();
  const at = clock.now();
  let isNobodys = true;
  try {
    const begun = await records.beginSession({ agentId, generation, bootId, epoch, hostName, agentVersion, at });
    // It may have begun all the same: a commit's answer can be lost.
    if (!begun.ok || begun.value?.isOther) gate.changed(['hosts', 'endpoints', 'findings'], [agentId]);
    if (!begun.ok) return tryLater;
    if (!begun.value) {
      isNobodys = false;
      return await conflict();
    }
    // It may have been revoked while its beginning was written.
    if ((await records.identity(agentId))?.revoked) return { refused: 'revoked' };
    const other = sessions.current(agentId);
    if (other && other !== older && other.bootId !== bootId) return await conflict();
    // Its host may have said hello to another collector meanwhile.
    if (isOpen() && !sessions.put(session)) return tryLater;
    isNobodys = sessions.current(agentId) !== session;
    return welcome(version, begun.value);
  } finally {
    if (isNobodys) gate.endings.end(agentId, generation);
  }

  function welcome(version: number, { ackedSeq, snapshotDigest }: SessionState): Welcome {
    const wantSnapshot = hello.snapshotDigest === undefined || hello.snapshotDigest !== snapshotDigest;
    const { heartbeatSeconds } = gate;
    return { type: 'welcome', version, ackedSeq, wantSnapshot, heartbeatSeconds, window: eventWindow };
  }

  async function conflict(): Promise<Refusal> {
    gate.log.warn({ agentId }, 'a second machine presents this identity: was its state copied?');
    await records.noteConflict(agentId, clock.now());
    gate.changed(['hosts'], [agentId]);
    return { refused: 'identity-in-use', retryAfterSeconds: 300 };
  }
}
