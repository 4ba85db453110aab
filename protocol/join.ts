/** In the place of a pin: the certificate that is shown must be trusted by the roots of the host's own, and name the authority. */
export const systemTrust = 'system-ca';

/** What a host needs to enrol: where the collector is, which TLS key it must show, and a one-time token. */
export interface Join {
  /** Authority of the collector's agent listener: host:port, IPv6 in brackets. */
  authority: string;
  /** SHA-256 of the SubjectPublicKeyInfo of the TLS key that is shown there (as in RFC 7469), base64url; or systemTrust. */
  pin: string;
  /** 256 random bits, base64url. */
  token: string;
}

/** One word without characters that a shell would touch: certherd://collector.example:8443/PIN.TOKEN */
export function formatJoin(join: Join): string {
  return `certherd://${join.authority}/${join.pin}.${join.token}`;
}

/** Reads what formatJoin wrote. The failure is one sentence that never repeats the token. */
export function parseJoin(text: string): { ok: true; value: Join } | { ok: false; failure: string } {
  const whole = /^certherd:\/\/([^/\s]+)\/([A-Za-z0-9_-]*)(?:\.([A-Za-z0-9_-]*))?$/.exec(text.trim());
  if (!whole) return { ok: false, failure: 'not a join string: it starts with certherd:// and is one word' };
  const [, authority = '', pin = '', token = ''] = whole;
  const [, port] = /^(?:\[[0-9A-Fa-f:.]+\]|[^:[\]@]+):(\d{1,5})$/.exec(authority) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535)
    return { ok: false, failure: `its address ${JSON.stringify(authority)} is not HOST:PORT` };
  if ((pin.length !== 43 && pin !== systemTrust) || token.length !== 43)
    return { ok: false, failure: 'it is cut off or altered: copy the whole word' };
  return { ok: true, value: { authority, pin, token } };
}
