/** What a server of TLS 1.2 says first: ServerHello and a Certificate message with this chain, in records of 16 KB (RFC 5246). */
export function tls12Flight(chain: readonly Uint8Array[]): Buffer {
  const hello = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, 0xc0, 0x2b, 0, 0, 0])]);
  const list = Buffer.concat(chain.flatMap((der) => [uint24(der.length), Buffer.from(der)]));
  const certificate = Buffer.concat([uint24(list.length), list]);
  return Buffer.concat([message(2, hello), message(11, certificate)].flatMap(records));
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), uint24(body.length), body]);
}

function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) {
    const body = bytes.subarray(at, at + 16_384);
    found.push(Buffer.from([22, 3, 3, body.length >> 8, body.length & 0xff]), body);
  }
  return found;
}

function uint24(value: number): Buffer {
  return Buffer.from([(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);
}
