import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';

/** A resolver on 127.0.0.1 that gives every name the same addresses: too many for a datagram, so that it is asked again over TCP (RFC 7766). */
export async function crowdedDns(addresses: readonly string[]): Promise<{ server: string; close: () => void }> {
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      const answer = answerTo(bytes.subarray(2), addresses);
      socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 0xff]), answer]));
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => udp.send(answerTo(bytes, undefined), from.port, from.address));
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  return {
    server: `127.0.0.1:${port}`,
    close() {
      udp.close();
      tcp.close();
    },
  };
}

/** RFC 1035 4.1; undefined: the truncated answer. A question for anything but A has none. */
export function answerTo(query: Buffer, addresses: readonly string[] | undefined): Buffer {
  let end = 12;
  while (query[end]) end += (query[end] ?? 0) + 1;
  const question = query.subarray(12, end + 5);
  const isA = query.readUInt16BE(end + 1) === 1;
  const records = isA ? (addresses ?? []) : [];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(isA && addresses === undefined ? 0x8380 : 0x8180, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const answers = records.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, question, ...answers]);
}
