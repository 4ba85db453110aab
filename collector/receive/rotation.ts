import type { KeyRotated, RotateKey } from '@certherd/protocol/frame';
import { rotationStatement } from '@certherd/protocol/session';
import { isSigned, readPublicKey } from './authenticate.ts';
import type { Gate } from './gate.ts';
import { type Challenged, type Refusal, tryLater } from './greet.ts';

/**
 * Puts another key in the place of an agent's, at the wish of who holds both. The old one proves nothing from then on. The same
 * wish again, after the answer was lost, gets the same answer.
 */
export async function rotateKey(
  frame: RotateKey,
  agentId: string,
  challenge: Challenged,
  gate: Pick<Gate, 'records' | 'clock' | 'changed'>,
): Promise<KeyRotated | Refusal> {
  const identity = await gate.records.identity(agentId);
  const next = readPublicKey(frame.publicKey);
  if (!next) return { refused: 'frame-invalid' };
  const { collectorId, nonce } = challenge;
  const statement = rotationStatement({ collectorId, collectorNonce: nonce, agentId, publicKey: frame.publicKey });
  if (!identity || !isSigned(statement, frame.proof, next)) return { refused: 'not-authenticated' };
  if (identity.revoked) return { refused: 'revoked' };
  const done: KeyRotated = { type: 'key-rotated', publicKey: frame.publicKey };
  if (Buffer.from(next).equals(identity.publicKey)) return done;
  if (!isSigned(statement, frame.signature, identity.publicKey)) return { refused: 'not-authenticated' };
  const replaced = await gate.records.replaceKey(agentId, identity.publicKey, next, gate.clock.now());
  if (!replaced.ok) return tryLater;
  return replaced.value ? done : { refused: 'not-authenticated' };
}
