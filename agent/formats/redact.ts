const secrets: [RegExp, string][] = [
  [/^[A-Za-z0-9+/=\s]+-----END [A-Z0-9 ]*PRIVATE KEY-----/, '[private key removed]'],
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, '[private key removed]'],
  [/(certherd:\/\/[^/\s]+\/)[A-Za-z0-9_.-]+/g, '$1[token removed]'],
  [/\b(authorization\s*[:=]\s*)(?:(?:bearer|basic|digest)\s+)?[^\s,;"']+/gi, '$1[removed]'],
  // Whatever stands around the word: CF_API_TOKEN, client_secret, AWS_SECRET_ACCESS_KEY.
  [
    /((?:passw(?:or)?d|secret|token|api[_-]?key)[\w-]{0,100})(["']?\s{0,100}[:=]\s{0,100}["']?)[^\s"',;&]+/gi,
    '$1$2[removed]',
  ],
  [/(https?:\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1[removed]@'],
  [/(https?:\/\/hooks\.[^/\s]+\/)\S+/g, '$1[removed]'],
];

/** Text of programs and errors without what must not leave the host: keys, tokens, passwords, webhook addresses. */
export function redacted(text: string): string {
  return secrets.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}
