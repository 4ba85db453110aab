import type { FailureReason } from '@certherd/protocol/failure';
import { type Refusal, refused } from './refusal.ts';

/** Alerts that a server answers a ClientHello with (RFC 8446 6.2, RFC 7301 3.2). */
const names: ReadonlyMap<number, string> = new Map([
  [0, 'close_notify'],
  [10, 'unexpected_message'],
  [20, 'bad_record_mac'],
  [22, 'record_overflow'],
  [40, 'handshake_failure'],
  [47, 'illegal_parameter'],
  [50, 'decode_error'],
  [51, 'decrypt_error'],
  [70, 'protocol_version'],
  [71, 'insufficient_security'],
  [80, 'internal_error'],
  [86, 'inappropriate_fallback'],
  [90, 'user_canceled'],
  [109, 'missing_extension'],
  [110, 'unsupported_extension'],
  [112, 'unrecognized_name'],
  [116, 'certificate_required'],
  [120, 'no_application_protocol'],
]);

const reasons: ReadonlyMap<number, FailureReason> = new Map([
  [40, 'no-shared-algorithm'],
  [112, 'name-rejected'],
]);

/** What it means that the server ended the handshake with this alert. */
export function refusalOf(alert: number): { ok: false; failure: Refusal } {
  const named = names.get(alert);
  const detail = `the server ended the handshake with alert number ${alert}${named === undefined ? '' : ` (${named})`}`;
  return refused(detail, reasons.get(alert), alert === 120 ? 'without-protocols' : undefined);
}
