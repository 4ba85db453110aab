import { createPublicKey, diffieHellman, hash } from 'node:crypto';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { type Share, shareOfDialer, templateOf } from '../../handshake/dial/looking-client.ts';
import { signatureOffers } from '../../handshake/dial/offers.ts';
import { readServerHello } from '../../handshake/server-hello.ts';
import { clientHello, type SentHello, x25519 } from '../../handshake/tls13/client-hello.ts';
import { clientFlight } from '../../handshake/tls13/flight.ts';
import { handshakeSecrets } from '../../handshake/tls13/key-schedule.ts';
import { firstRecord, recordOpening, suites } from '../../handshake/tls13/record-protection.ts';

/** What began a handshake, and what OpenSSL answered: the same bytes give the same answer again. */
export interface RecordedFlight {
  hello: SentHello;
  share: Share;
  /** All that the server sent before it heard anything but the hello. */
  bytes: Buffer;
  /** What the server says once the client's last words have come: that the handshake is complete, or its alert. */
  completed: (reply: Uint8Array) => Promise<string>;
}

const share = shareOfDialer();

/** One server of OpenSSL in this process, and no socket between. */
export async function recordedFlight(server: tls.TlsOptions, random = Buffer.alloc(64, 7)): Promise<RecordedFlight> {
  const context = signatureOffers()('any');
  const template = context.ok ? templateOf(context.value, ['h2', 'http/1.1']) : undefined;
  if (!template) throw new Error('OpenSSL offers nothing that could be completed');
  const hello = clientHello(template, random, share.publicKey, 'shop.example.test');
  const kept: Buffer[] = [];
  let told = () => {};
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      kept.push(chunk);
      told();
      done();
    },
  });
  const secure = new tls.TLSSocket(stream, {
    isServer: true,
    ...server,
    secureContext: tls.createSecureContext(server),
  });
  const ended = new Promise<string>((resolve) => {
    secure.once('error', (error) => {
      resolve(error.message);
      told();
    });
    secure.once('secure', () => resolve('completed'));
  });
  const bytes = await new Promise<Buffer>((resolve) => {
    told = () => {
      const all = Buffer.concat(kept);
      const step = clientFlight(hello, share.privateKey)(all);
      if (!step.ok || step.value || kept.length === 0) resolve(all);
    };
    stream.push(hello.record);
  });
  const completed = (reply: Uint8Array) => {
    stream.push(reply);
    return ended;
  };
  return { hello, share, bytes, completed };
}

/** The messages that the server's records protect, with their headers. */
export function messagesIn(flight: RecordedFlight): Buffer[] {
  const { suite, secret, rest } = opened(flight);
  const open = recordOpening(suite, secret);
  const contents: Uint8Array[] = [];
  for (let at = 0; at < rest.length; at += 5 + rest.readUInt16BE(at + 3)) {
    const record = rest.subarray(at, at + 5 + rest.readUInt16BE(at + 3));
    const plain = record[0] === 23 ? open(record.subarray(0, 5), record.subarray(5)) : undefined;
    if (plain?.ok) contents.push(plain.value.content);
  }
  const all = Buffer.concat(contents);
  const messages: Buffer[] = [];
  for (let at = 0; at < all.length; at += 4 + all.readUIntBE(at + 1, 3))
    messages.push(all.subarray(at, at + 4 + all.readUIntBE(at + 1, 3)));
  return messages;
}

/** The same ServerHello, and this content in one record behind it, as only who has the server's secret could send it. */
export function resealed(flight: RecordedFlight, content: Uint8Array): Buffer {
  const { suite, secret, hello } = opened(flight);
  return Buffer.concat([hello, firstRecord(suite, secret, 22, content)]);
}

function opened({ hello, share: { privateKey }, bytes }: RecordedFlight) {
  const end = 5 + bytes.readUInt16BE(3);
  const told = readServerHello(bytes.subarray(9, end));
  const suite = suites.get(told?.suite ?? 0);
  const key = told?.extensions.get(51)?.subarray(4);
  if (!suite || !key) throw new Error('no ServerHello of TLS 1.3');
  const publicKey = createPublicKey({ key: Buffer.concat([x25519.spki, key]), format: 'der', type: 'spki' });
  const transcript = hash(suite.hash, Buffer.concat([hello.message, bytes.subarray(5, end)]), 'buffer');
  const secrets = handshakeSecrets(suite.hash, diffieHellman({ privateKey, publicKey }), transcript);
  return { suite, secret: secrets.server, hello: bytes.subarray(0, end), rest: bytes.subarray(end) };
}
