import { createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { asn1 } from 'node-forge';

interface SelfSigned {
  /** EC or RSA. */
  key: KeyObject;
  commonName: string;
  dnsName: string;
  /** Milliseconds since 1970. */
  notBefore: number;
  notAfter: number;
}

/** A certificate (RFC 5280 4.1, PEM) of a server's key, signed by that key itself with SHA-256. */
export async function selfSigned({ key, commonName, dnsName, notBefore, notAfter }: SelfSigned): Promise<string> {
  const { default: forge } = await import('node-forge');
  const { create, Class, Type, fromDer, toDer, oidToDer, dateToGeneralizedTime, dateToUtcTime } = forge.asn1;
  const universal = (type: asn1.Type, value: string) => create(Class.UNIVERSAL, type, false, value);
  const sequence = (...parts: asn1.Asn1[]) => create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
  const oid = (dotted: string) => universal(Type.OID, oidToDer(dotted).getBytes());
  // The types know tags of the universal class alone.
  const contextSpecific = (tag: number, constructed: boolean, value: string | asn1.Asn1[]) =>
    Object.assign(create(Class.CONTEXT_SPECIFIC, Type.NONE, constructed, value), { type: tag });
  const explicit = (tag: number, part: asn1.Asn1) => contextSpecific(tag, true, [part]);
  const extension = (dotted: string, value: asn1.Asn1) =>
    sequence(oid(dotted), universal(Type.OCTETSTRING, toDer(value).getBytes()));
  // RFC 5280 4.1.2.5: GeneralizedTime from 2050 on.
  const instant = (at: number) =>
    new Date(at).getUTCFullYear() < 2050
      ? universal(Type.UTCTIME, dateToUtcTime(new Date(at)))
      : universal(Type.GENERALIZEDTIME, dateToGeneralizedTime(new Date(at)));

  const name = sequence(
    create(Class.UNIVERSAL, Type.SET, true, [sequence(oid(commonNameOid), universal(Type.UTF8, commonName))]),
  );
  const algorithm =
    key.asymmetricKeyType === 'rsa' ? sequence(oid(rsaSha256), universal(Type.NULL, '')) : sequence(oid(ecdsaSha256));
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const toBeSigned = sequence(
    explicit(0, universal(Type.INTEGER, '\x02')),
    // RFC 5280 4.1.2.2: a positive integer of at most 20 octets.
    universal(Type.INTEGER, `\x01${randomBytes(15).toString('latin1')}`),
    algorithm,
    name,
    sequence(instant(notBefore), instant(notAfter)),
    name,
    fromDer(spki.toString('latin1')),
    explicit(
      3,
      sequence(
        // Neither CA nor path length is there where they are as by default (4.2.1.9).
        extension(basicConstraints, sequence()),
        extension(extendedKeyUsage, sequence(oid(serverAuth))),
        extension(subjectAltName, sequence(contextSpecific(2, false, dnsName))),
      ),
    ),
  );
  const signature = sign('sha256', Buffer.from(toDer(toBeSigned).getBytes(), 'latin1'), key);
  const certificate = sequence(toBeSigned, algorithm, universal(Type.BITSTRING, `\x00${signature.toString('latin1')}`));
  return new X509Certificate(Buffer.from(toDer(certificate).getBytes(), 'latin1')).toString();
}

// RFC 4055 5, RFC 5758 3.2, RFC 5280 appendix A.
const rsaSha256 = '1.2.840.113549.1.1.11';
const ecdsaSha256 = '1.2.840.10045.4.3.2';
const commonNameOid = '2.5.4.3';
const basicConstraints = '2.5.29.19';
const extendedKeyUsage = '2.5.29.37';
const subjectAltName = '2.5.29.17';
const serverAuth = '1.3.6.1.5.5.7.3.1';
