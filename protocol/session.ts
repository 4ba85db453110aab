/** Path of the agents' WebSocket on the collector. */
export const agentPath = '/agent/v1';

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
