import type { Certificate } from '@certherd/protocol/certificate';
import type { CertificateFacts } from '../store/facts.ts';

/** What most certificates of a fleet have in common with many others. */
type Kind = Pick<Certificate, 'issuer' | 'algorithm' | 'key' | 'isAuthority'> &
  Pick<CertificateFacts, 'basis'> & { signature: string | undefined };

/** An instant in milliseconds since 1970; as it was told, where that is none. */
type PackedInstant = number | string;

type Own = [
  notBefore: PackedInstant,
  notAfter: PackedInstant,
  firstSeenAt: number,
  serialNumber: string,
  /** A number: a common name alone, which is this one of the names. */
  subject: string | number,
  /** Empty: not known. */
  keyDigest: string,
  ...subjectAltNames: string[],
];

/** A certificate's facts as they are kept: there are hundreds of thousands, and few are looked at. What is read of it is made anew each time. */
export class PackedCertificate implements CertificateFacts {
  readonly fingerprint: string;
  readonly #kind: Kind;
  readonly #own: string;

  constructor(fingerprint: string, kind: Kind, own: string) {
    this.fingerprint = fingerprint;
    this.#kind = kind;
    this.#own = own;
  }

  get basis(): CertificateFacts['basis'] {
    return this.#kind.basis;
  }

  get keyDigest(): string | undefined {
    return this.#read()[5] || undefined;
  }

  get firstSeenAt(): number {
    return this.#read()[2];
  }

  /** Instants, as in Certificate. */
  get life(): { notBefore: string; notAfter: string } {
    const [notBefore, notAfter] = this.#read();
    return { notBefore: instantOf(notBefore), notAfter: instantOf(notAfter) };
  }

  /** Milliseconds since 1970. */
  get notAfter(): number {
    // Lists are in order of it: it is read far more often than the rest.
    const [, told] = /^\[-?\d+,(-?\d+),/.exec(this.#own) ?? [];
    if (told !== undefined) return Number(told);
    const [, notAfter] = this.#read();
    return typeof notAfter === 'number' ? notAfter : Date.parse(notAfter);
  }

  get certificate(): Certificate {
    const [notBefore, notAfter, , serialNumber, subject, , ...subjectAltNames] = this.#read();
    const { issuer, algorithm, key, signature, isAuthority } = this.#kind;
    return {
      fingerprint: this.fingerprint,
      subject: typeof subject === 'number' ? `CN=${subjectAltNames[subject]}` : subject,
      issuer,
      subjectAltNames,
      serialNumber,
      notBefore: instantOf(notBefore),
      notAfter: instantOf(notAfter),
      algorithm,
      key,
      ...(signature !== undefined && { signature }),
      isAuthority,
    };
  }

  /** All of it at once, for whoever looks at it again and again. */
  get opened(): CertificateFacts {
    const { certificate, firstSeenAt, basis, keyDigest } = this;
    return { certificate, firstSeenAt, basis, ...(keyDigest !== undefined && { keyDigest }) };
  }

  #read(): Own {
    return JSON.parse(this.#own);
  }
}

/** Far more than a fleet has; agents may tell ever new ones. */
const mostKinds = 4_096;

export function certificatePacker(): (facts: CertificateFacts) => PackedCertificate {
  const kinds = new Map<string, Kind>();
  let last: Kind | undefined;
  return ({ certificate, firstSeenAt, basis, keyDigest = '' }) => {
    const { fingerprint, notBefore, notAfter, serialNumber, subject, subjectAltNames } = certificate;
    // Those of one host are nearly always of one kind.
    const kind = last && isOf(last, certificate, basis) ? last : kindOf(certificate, basis);
    last = kind;
    const name = subject.startsWith('CN=') ? subjectAltNames.indexOf(subject.slice(3)) : -1;
    const packed: Own = [
      packedInstant(notBefore),
      packedInstant(notAfter),
      firstSeenAt,
      serialNumber,
      name === -1 ? subject : name,
      keyDigest,
    ];
    packed.push(...subjectAltNames);
    return new PackedCertificate(fingerprint, kind, JSON.stringify(packed));
  };

  function kindOf({ issuer, algorithm, key, signature, isAuthority }: Certificate, basis: Kind['basis']): Kind {
    const text = JSON.stringify([issuer, algorithm, key, signature, isAuthority, basis]);
    const kind = kinds.get(text) ?? { issuer, algorithm, key, signature, isAuthority, basis };
    if (kinds.size < mostKinds) kinds.set(text, kind);
    return kind;
  }
}

function isOf(kind: Kind, { issuer, algorithm, key, signature, isAuthority }: Certificate, basis: Kind['basis']) {
  const isSameKey = kind.algorithm === algorithm && kind.key === key && kind.signature === signature;
  return isSameKey && kind.issuer === issuer && kind.isAuthority === isAuthority && kind.basis === basis;
}

/** Instants that are written back as they are, if they are any: on a day that every month has, and no hour 24. */
const plain = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

function packedInstant(text: string): PackedInstant {
  const at = Date.parse(text);
  if (!Number.isFinite(at)) return text;
  // To write an instant takes five times as long as to read one, and there are two for each certificate of the fleet.
  return plain.test(text) || new Date(at).toISOString() === text ? at : text;
}

function instantOf(packed: PackedInstant): string {
  return typeof packed === 'string' ? packed : new Date(packed).toISOString();
}
