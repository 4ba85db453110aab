import { Buffer } from 'node:buffer';
import { diffieHellman, type KeyObject } from 'node:crypto';
import { type Result, success } from '@certherd/protocol/failure';
import type { ReadCertificate } from '@certherd/x509/certificate';
import { chainOf, stapleOf } from '../certificate-message.ts';
import { extensionsIn, readServerHello } from '../server-hello.ts';
import { longestRecord, mostPieces, uint16, uint24 } from '../tls-records.ts';
import { refusalOf } from './alert.ts';
import { provedPossession } from './certificate-verify.ts';
import { applicationProtocols, keyShare, protocolsIn, type SentHello, x25519 } from './client-hello.ts';
import { digest, type HandshakeSecrets, handshakeSecrets, verifyData } from './key-schedule.ts';
import { pieces } from './pieces.ts';
import { publicKeyPem } from './public-key.ts';
import { firstRecord, type OpenRecord, recordOpening, type Suite, suites } from './record-protection.ts';
import { type Refusal, refused } from './refusal.ts';

/** What a server showed and proved. */
export interface Proved {
  /** As sent, the leaf first; the server holds the leaf's key. */
  chain: Uint8Array[];
  leaf: ReadCertificate;
  alpn?: string;
  /** As in Handshake. */
  staple: Uint8Array;
  /** What completes the handshake for the server: to be sent. */
  reply: Uint8Array;
}

type Step = Result<Proved | undefined, Refusal>;

const record = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const message = {
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  certificateRequest: 13,
  certificateVerify: 15,
  finished: 20,
} as const;

/** Bytes: of one message what OpenSSL takes of a chain, of all that comes what a first flight fits into many times over; warnings as OpenSSL. */
const most = { message: 102_400, received: 262_144, warnings: 5 } as const;

interface Keys {
  suite: Suite;
  secrets: HandshakeSecrets;
  open: OpenRecord;
}

/**
 * The client's part in a handshake of TLS 1.3 (RFC 8446 4) that `hello` began, up to its end: takes what the server sends, in chunks of any size, and is undefined
 * until what was shown is proved by CertificateVerify and Finished. Asked for a certificate, it has none. A server that answers with another version, group
 * or a HelloRetryRequest is left to OpenSSL: `again`. `privateKey`: of X25519. Failures: 'not-tls', 'no-shared-algorithm', 'name-rejected',
 * 'malformed', 'handshake-failed'. After a failure or the end it takes no more.
 */
export function clientFlight(hello: SentHello, privateKey: KeyObject): (chunk: Uint8Array) => Step {
  const records = pieces(recordLength);
  const messages = pieces(messageLength);
  const count = { received: 0, records: 0, warnings: 0, clear: 0 };
  /** All messages so far, with their headers. */
  const transcript: Uint8Array[] = [hello.message];
  let keys: Keys | undefined;
  let awaited: number = message.serverHello;
  let chain: Uint8Array[] = [];
  let staple: Uint8Array = new Uint8Array(0);
  let leaf: ReadCertificate | undefined;
  let alpn: string | undefined;
  let reply: Uint8Array = new Uint8Array(0);

  return (chunk) => {
    count.received += chunk.length;
    for (const one of records(chunk)) {
      const step = ofRecord(one);
      if (!step.ok || step.value) return step;
    }
    return count.received > most.received ? refused(`more than ${most.received} bytes in a handshake`) : going;
  };

  function ofRecord(bytes: Uint8Array): Step {
    const type = bytes[0];
    if (++count.records > mostPieces) return refused(`more than ${mostPieces} TLS records in a handshake`);
    if (bytes[1] !== 3 || bytes.length !== 5 + uint16(bytes, 3))
      return refused('not a TLS record', keys ? 'handshake-failed' : 'not-tls');
    const body = bytes.subarray(5);
    // it means nothing in TLS 1.3 and is there for boxes on the way (RFC 8446 5)
    if (type === record.changeCipherSpec && body.length === 1 && body[0] === 1) return going;
    if (type === record.alert) return ofAlert(body);
    if (!keys) return type === record.handshake ? ofHandshake(body) : refused('not a handshake');
    if (type !== record.applicationData) return refused('a record in plain text after ServerHello');
    const opened = keys.open(bytes.subarray(0, 5), body);
    if (!opened.ok) return opened;
    if (opened.value.type === record.alert) return ofAlert(opened.value.content);
    return opened.value.type === record.handshake ? ofHandshake(opened.value.content) : refused('not a handshake');
  }

  function ofAlert(body: Uint8Array): Step {
    const [level, alert] = [body[0], body[1]];
    if (alert === undefined || body.length > 2) return refused('a broken alert');
    // before TLS 1.3 a server that does not know the name warns, and goes on (RFC 6066 3)
    if (level !== 1 || keys) return refusalOf(alert);
    return ++count.warnings < most.warnings ? going : refused('warnings without end');
  }

  function ofHandshake(content: Uint8Array): Step {
    if (content.length === 0) return refused('an empty record');
    if (!keys) count.clear += content.length;
    for (const one of messages(content)) {
      if (one.length !== 4 + uint24(one, 1)) return refused(`a message of more than ${most.message} bytes`);
      const step = ofMessage(one[0] ?? 0, one.subarray(4), one);
      if (!step.ok || step.value) return step;
    }
    return going;
  }

  function ofMessage(type: number, body: Uint8Array, whole: Uint8Array): Step {
    if (!keys) return type === awaited ? agree(body, whole) : refused('no ServerHello');
    const asks = type === message.certificateRequest && awaited === message.certificate && reply.length === 0;
    if (type !== awaited && !asks) return refused(`an unexpected message of type ${type}`);
    if (type === message.finished) return finish(keys, body, whole);
    if (type === message.certificateVerify) return prove(keys, body, whole);
    transcript.push(whole);
    if (asks) {
      reply = noCertificate(body);
      return body.length < 3 + (body[0] ?? 0) ? refused('a broken CertificateRequest') : going;
    }
    if (type === message.encryptedExtensions) return extend(body);
    return show(body);
  }

  function agree(body: Uint8Array, whole: Uint8Array): Step {
    const told = readServerHello(body);
    if (!told) return refused('a ServerHello that is too short');
    if (told.retry || told.version !== 0x0304) return refused('no plain TLS 1.3', 'handshake-failed', 'by-openssl');
    const suite = hello.offered.suites.has(told.suite) ? suites.get(told.suite) : undefined;
    const share = told.extensions.get(keyShare);
    const extended = [...told.extensions.keys()].every((type) => type === keyShare || type === 43);
    const echoed = Buffer.compare(told.sessionId, hello.sessionId) === 0;
    if (!suite || !share || !extended || !echoed || told.compression !== 0 || uint16(body, 0) !== 0x0303)
      return refused('a ServerHello that answers what was not offered');
    if (uint16(share, 0) !== x25519.group || share.length !== 4 + x25519.length)
      return refused('a key of another group', 'handshake-failed', 'by-openssl');
    // what protects the rest begins with a record of its own (RFC 8446 5.1)
    if (count.clear !== whole.length) return refused('plain text behind ServerHello');
    const shared = agreed(privateKey, share.subarray(4));
    if (!shared) return refused('a key that is none');
    transcript.push(whole);
    const secrets = handshakeSecrets(suite.hash, shared, hashed(suite));
    keys = { suite, secrets, open: recordOpening(suite, secrets.server) };
    awaited = message.encryptedExtensions;
    return going;
  }

  function extend(body: Uint8Array): Step {
    awaited = message.certificate;
    const extensions = extensionsIn(body.subarray(2));
    const known = [...extensions.keys()].every((type) => hello.offered.types.has(type));
    if (!known || uint16(body, 0) !== body.length - 2) return refused('an extension that was not offered');
    const chosen = extensions.get(applicationProtocols);
    if (chosen === undefined) return going;
    [alpn] = protocolsIn(chosen);
    return alpn !== undefined && hello.offered.protocols.includes(alpn)
      ? going
      : refused('an application protocol that was not offered');
  }

  function show(body: Uint8Array): Step {
    awaited = message.certificateVerify;
    if (body[0] !== 0) return refused('a Certificate message for another request');
    const sent = chainOf(body, true);
    if (!sent.ok) return sent;
    chain = sent.value;
    const stapled = stapleOf(body);
    if (!stapled.ok) return stapled;
    staple = stapled.value;
    return going;
  }

  function prove({ suite }: Keys, body: Uint8Array, whole: Uint8Array): Step {
    awaited = message.finished;
    const proved = provedPossession(body, chain[0] ?? body, hashed(suite), hello.offered.signatures);
    transcript.push(whole);
    if (!proved.ok) return proved;
    leaf = proved.value;
    return going;
  }

  function finish({ suite, secrets }: Keys, body: Uint8Array, whole: Uint8Array): Step {
    if (!leaf || !verifyData(suite.hash, secrets.server, hashed(suite)).equals(body))
      return refused('a Finished that does not fit what was sent');
    transcript.push(whole, reply);
    const own = verifyData(suite.hash, secrets.client, hashed(suite));
    const content = Buffer.concat([reply, Uint8Array.of(message.finished, 0, 0, own.length), own]);
    const sealed = firstRecord(suite, secrets.client, record.handshake, content);
    // as this end's hello had a session id (RFC 8446 D.4)
    const changed = Uint8Array.of(record.changeCipherSpec, 3, 3, 0, 1, 1);
    const ended = { chain, leaf, staple, reply: Buffer.concat([changed, sealed]) };
    return success({ ...ended, ...(alpn !== undefined && { alpn }) });
  }

  /** The hash of all messages so far: anew each time, which is cheaper than an object that can be copied. */
  function hashed(suite: Suite): Buffer {
    return digest(suite.hash, Buffer.concat(transcript));
  }
}

const going = success(undefined);

/** What begins like no TLS record, or too long a one, is cut off as its header alone. */
function recordLength(bytes: Uint8Array): number {
  const length = bytes.length < 5 ? 0 : uint16(bytes, 3);
  return bytes[1] !== 3 || length > longestRecord ? 5 : 5 + length;
}

function messageLength(bytes: Uint8Array): number {
  const length = bytes.length < 4 ? 0 : uint24(bytes, 1);
  return length > most.message ? 4 : 4 + length;
}

/** A Certificate message with the context of this request and no certificate (RFC 8446 4.4.2). */
function noCertificate(request: Uint8Array): Buffer {
  const context = request.subarray(1, 1 + (request[0] ?? 0));
  const length = 1 + context.length + 3;
  return Buffer.concat([
    Uint8Array.of(message.certificate, 0, length >> 8, length & 0xff, context.length),
    context,
    Uint8Array.of(0, 0, 0),
  ]);
}

/** What both ends know then; undefined: the other end's key is none. */
function agreed(privateKey: KeyObject, share: Uint8Array): Uint8Array | undefined {
  try {
    return diffieHellman({ privateKey, publicKey: publicKeyPem(x25519.spki, share) });
  } catch {
    return undefined;
  }
}
