import type { FailureReason } from '@certherd/protocol/failure';

/** Which entry of the closed list an error of a socket or of OpenSSL stands for. */
export function failureReason(error: Error & { code?: string }): FailureReason {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'connection-refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'connection-reset';
    case 'EPERM':
    case 'EACCES':
      return 'permission-denied';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'unreachable';
    case 'ETIMEDOUT':
      return 'timed-out';
    case 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME':
    case 'ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME':
      return 'name-rejected';
    case 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
      return 'no-shared-algorithm';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_HTTP_REQUEST':
      return 'not-tls';
    default:
      return /alert number 40|handshake failure/i.test(error.message)
        ? 'no-shared-algorithm'
        : /unrecognized name/i.test(error.message)
          ? 'name-rejected'
          : 'handshake-failed';
  }
}

/** The server wants to speak a protocol that was not offered (RFC 7301 3.2, alert 120). */
export function isProtocolRefusal(error: Error & { code?: string }): boolean {
  return (
    /NO_APPLICATION_PROTOCOL/.test(error.code ?? '') || /no application protocol|alert number 120/i.test(error.message)
  );
}

/** The server ended the handshake with an alert of its own, and not this end because of something that it was shown. */
export function isServerAlert(error: Error & { code?: string }): boolean {
  return /_ALERT_/.test(error.code ?? '') || /alert number \d+/i.test(error.message);
}
