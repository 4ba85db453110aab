import Type, { type Static } from 'typebox';

/** Lower-case hexadecimal SHA-256 of a certificate's DER: a certificate's identity. */
export const Fingerprint = Type.String({ title: 'fingerprint', pattern: '^[0-9a-f]{64}$' });
export type Fingerprint = Static<typeof Fingerprint>;

/** ISO 8601, UTC, milliseconds, as Date.prototype.toISOString writes it: 2026-11-23T21:43:35.000Z */
export const Instant = Type.String({
  title: 'instant',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
});
export type Instant = Static<typeof Instant>;

/** What distinguishes the certificates that one endpoint may present, by the leaf's key (RFC 8446 4.2.3). */
export const SignatureAlgorithm = Type.Enum(['ecdsa', 'rsa', 'ed25519', 'other']);
export type SignatureAlgorithm = Static<typeof SignatureAlgorithm>;

/**
 * One X.509 certificate (RFC 5280), as found. Strings come from strangers and are raw: escape them at each exit.
 */
export const Certificate = Type.Object(
  {
    fingerprint: Fingerprint,
    /** RFC 2253-like text, one attribute a line as node:crypto gives it, joined with ", "; may be empty. */
    subject: Type.String({ maxLength: 65536 }),
    issuer: Type.String({ maxLength: 65536 }),
    /** dNSName and iPAddress as plain text; every other kind with its prefix ("email:", "URI:"). */
    subjectAltNames: Type.Array(Type.String({ maxLength: 65536 }), { maxItems: 20000 }),
    /** Upper-case hexadecimal, as openssl prints it. */
    serialNumber: Type.String({ maxLength: 256 }),
    notBefore: Instant,
    notAfter: Instant,
    algorithm: SignatureAlgorithm,
    /** Key type and size as people name them: "RSA 2048", "EC prime256v1", "Ed25519", "unknown". */
    key: Type.String({ maxLength: 64 }),
    /** How it is signed, in OpenSSL's words: "ecdsa-with-SHA256". */
    signature: Type.Optional(Type.String({ maxLength: 64 })),
    isAuthority: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type Certificate = Static<typeof Certificate>;
