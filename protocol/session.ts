/** Path of the agents' WebSocket on the collector. */
export const agentPath = '/agent/v1';

/**
 * What both ends offer for the key exchange (RFC 8446 4.2.7), the first by itself: OpenSSL 3.5 would take X25519MLKEM768, whose keys both keep as long as
 * the connection lives, 6 KB on each side, for secrets that nobody could use any more by the time that somebody breaks X25519 (decision 126).
 */
export const keyExchangeGroups = 'X25519:P-256:P-384:P-521';

/**
 * The text whose Ed25519 signature proves a session: bound to this use (label), this collector, both
 * sides' fresh nonces, and the session's generation, so that nothing recorded can be replayed.
 */
export function sessionStatement(session: {
  collectorId: string;
  collectorNonce: string;
  agentNonce: string;
  agentId: string;
  generation: number;
}): string {
  return [
    'certherd-session-1',
    session.collectorId,
    session.collectorNonce,
    session.agentNonce,
    session.agentId,
    String(session.generation),
  ].join('\n');
}

/** The text that both keys sign when one takes the place of the other: bound to this connection by the collector's nonce. */
export function rotationStatement(rotation: {
  collectorId: string;
  collectorNonce: string;
  agentId: string;
  /** Of the new key, as the frame carries it. */
  publicKey: string;
}): string {
  return [
    'certherd-rotation-1',
    rotation.collectorId,
    rotation.collectorNonce,
    rotation.agentId,
    rotation.publicKey,
  ].join('\n');
}
