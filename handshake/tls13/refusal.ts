import { type Failure, type FailureReason, failed } from '@certherd/protocol/failure';

/** A handshake that came to nothing. `again`: how another one may come to more. */
export interface Refusal extends Failure {
  again?: Again;
}

/** Without offering application protocols, as the server wants another one; or by OpenSSL, as it speaks no plain TLS 1.3. */
export type Again = 'without-protocols' | 'by-openssl';

export function refused(
  detail: string,
  reason: FailureReason = 'handshake-failed',
  again?: Again,
): { ok: false; failure: Refusal } {
  const { failure } = failed(reason, detail);
  return { ok: false, failure: again ? { ...failure, again } : failure };
}
