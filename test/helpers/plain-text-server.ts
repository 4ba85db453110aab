import { createServer, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import type { StartTls } from '@certherd/protocol/snapshot';

export interface PlainTextServer {
  port: number;
  /** Shows another pair from the next connection on. */
  load: (pair: { pem: string; keyPem: string }) => void;
  /** The application protocols that clients offered so far; nothing is added where one offers none. */
  offeredProtocols: () => string[];
  close: () => void;
}

type Answer = { say: string; go?: boolean; end?: boolean; taken?: number };

/** What each kind of server says first, and to each line (PostgreSQL: to the whole request). It shares no code with the agent. */
const manners: Record<StartTls, { greeting: string; answer: (said: string) => Answer | undefined }> = {
  smtp: {
    greeting: '220-mail.example.test ESMTP\r\n220 patience\r\n',
    answer: (said) =>
      /^(EHLO|HELO) /i.test(said)
        ? { say: '250-mail.example.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n' }
        : said === 'STARTTLS'
          ? { say: '220 2.0.0 Ready\r\n', go: true }
          : { say: '502 5.5.2 unknown\r\n' },
  },
  imap: {
    greeting: '* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n',
    answer: (said) => {
      const [tag = '*', command = ''] = said.split(' ');
      if (/^CAPABILITY$/i.test(command)) return { say: `* CAPABILITY IMAP4rev1 STARTTLS\r\n${tag} OK done\r\n` };
      return /^STARTTLS$/i.test(command)
        ? { say: `* OK soon\r\n${tag} OK begin\r\n`, go: true }
        : { say: `${tag} BAD unknown\r\n` };
    },
  },
  pop3: {
    greeting: '+OK ready\r\n',
    answer: (said) => (said === 'STLS' ? { say: '+OK begin\r\n', go: true } : { say: '-ERR unknown\r\n' }),
  },
  postgres: { greeting: '', answer: () => undefined },
  ftp: {
    greeting: '220-ftp.example.test\r\n  says more\r\n220 ready\r\n',
    answer: (said) =>
      said === 'AUTH TLS' ? { say: '234 AUTH TLS successful\r\n', go: true } : { say: '502 unknown\r\n' },
  },
  mysql: {
    greeting: packet(
      0,
      `\n8.0.36-example\0\x07\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15${'\0'.repeat(10)}ijklmnopqrst\0`,
    ),
    answer: () => undefined,
  },
  ldap: { greeting: '', answer: () => undefined },
};

/** MySQL: the length (3 bytes, little end first) and a number before each. */
function packet(number: number, payload: string): string {
  return String.fromCharCode(payload.length & 0xff, payload.length >> 8, 0, number) + payload;
}

/** A server on 127.0.0.1 that begins TLS when asked in its plain text. `behind` is said in the same packet as its leave. */
export async function plainTextServer(
  protocol: StartTls,
  pair: { pem: string; keyPem: string },
  behind = '',
): Promise<PlainTextServer> {
  const offered: string[] = [];
  const sockets = new Set<Socket>();
  const contextOf = ({ pem, keyPem }: typeof pair) => tls.createSecureContext({ cert: pem, key: keyPem });
  let secureContext = contextOf(pair);
  const note = ({ protocols }: { protocols: string[] }) => {
    offered.push(...protocols);
    return protocols[0];
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const { greeting } = manners[protocol];
    // MySQL's leave is its greeting
    if (greeting !== '') socket.write(Buffer.from(greeting + (protocol === 'mysql' ? behind : ''), 'latin1'));
    let pending = Buffer.alloc(0);
    const listen = (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      const answer = binary[protocol]?.(pending) ?? answerToLine(protocol, pending);
      if (!answer) return;
      const rest = pending.subarray(answer.taken ?? pending.length);
      pending = Buffer.alloc(0);
      if (answer.go) socket.off('data', listen).pause();
      if (rest.length > 0) socket.unshift(rest);
      const say = answer.say + (answer.go && protocol !== 'mysql' ? behind : '');
      if (say !== '') socket.write(Buffer.from(say, 'latin1'));
      if (answer.end) socket.end();
      if (!answer.go) return;
      const secure = new tls.TLSSocket(socket, { isServer: true, secureContext, ALPNCallback: note });
      secure.on('error', () => {});
    };
    socket.on('data', listen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    load: (next) => void (secureContext = contextOf(next)),
    offeredProtocols: () => offered,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function answerToLine(protocol: StartTls, said: Buffer): Answer | undefined {
  const line = said.toString('latin1');
  return line.endsWith('\n') ? manners[protocol].answer(line.trimEnd()) : undefined;
}

/** To requests that are no lines. */
const binary: { [protocol in StartTls]?: (said: Buffer) => Answer | undefined } = {
  postgres: answerToRequest,
  // SSLRequest: 32 bytes, number 1, with CLIENT_SSL among its capabilities; TLS comes right behind it
  mysql: (said) =>
    said.length < 36
      ? undefined
      : said.readUInt32LE(0) === 0x01_00_00_20 && (said[5] ?? 0) & 0x08
        ? { say: '', go: true, taken: 36 }
        : { say: packet(2, '\xff\x15\x04#28000denied'), end: true },
  ldap: (said) =>
    said.length < 31
      ? undefined
      : said.includes('1.3.6.1.4.1.1466.20037')
        ? { say: `0\x0c\x02\x01${said.toString('latin1', 4, 5)}x\x07\n\x01\0\x04\0\x04\0`, go: true }
        : { say: '', end: true },
};

/** Anything else than SSLRequest ends the connection, as the real one does. */
function answerToRequest(said: Buffer): Answer | undefined {
  if (said.length < 8) return undefined;
  return said.readUInt32BE(4) === 80_877_103 ? { say: 'S', go: true } : { say: 'E', end: true };
}
