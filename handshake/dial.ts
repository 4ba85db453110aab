import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import type { Result } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';
import type { ReadCertificate } from '@certherd/x509/certificate';

/** The kind of leaf that is asked for. */
export type Offered = SignatureAlgorithm | 'any';

/** In OpenSSL's names. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** What one TLS handshake showed. */
export interface Handshake {
  /** DER of the leaf first, then the chain exactly as sent: its order, repeats and strangers included. */
  chain: Uint8Array[];
  /** The leaf, where it was read for the proof. */
  leaf?: ReadCertificate;
  /** "TLSv1.3" */
  tlsVersion: string;
  /** The application protocol that the server chose of those offered (RFC 7301); absent where it chose none. */
  alpn?: string;
  /** DER of the OCSP answer that was stapled to the leaf (RFC 6066 8); empty where none was; absent where that is not known. */
  staple?: Uint8Array;
}

export interface DialTarget {
  /** IP address, or "unix:/path" with port 0. */
  address: string;
  port: number;
  serverName: string;
  /** Offer only signature algorithms of this family, or 'any'; 'other' are those that no browser offers yet (Ed448, ML-DSA). */
  algorithm: Offered;
  /** Offer this version alone; else 1.2 and 1.3. */
  tlsVersion?: TlsVersion;
  /** Send a PROXY protocol header first. */
  proxyProtocol: boolean;
  /** Ask for TLS in this protocol's plain text first. Then no application protocol is offered, else those of the web. */
  startTls?: StartTls;
  timeoutMs: number;
}

/** One TLS handshake; the connection is closed at once, no byte of application data is sent. */
export type Dialer = (target: DialTarget) => Promise<Result<Handshake>>;
