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

type Answer = { say: string; go?: boolean; end?: boolean };

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
};

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
    if (manners[protocol].greeting !== '') socket.write(manners[protocol].greeting);
    let pending = Buffer.alloc(0);
    const listen = (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      const answer = protocol === 'postgres' ? answerToRequest(pending) : answerToLine(protocol, pending);
      if (!answer) return;
      pending = Buffer.alloc(0);
      if (answer.go) socket.off('data', listen).pause();
      socket.write(Buffer.concat([Buffer.from(answer.say), Buffer.from(answer.go ? behind : '')]));
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

/** Anything else than SSLRequest ends the connection, as the real one does. */
function answerToRequest(said: Buffer): Answer | undefined {
  if (said.length < 8) return undefined;
  return said.readUInt32BE(4) === 80_877_103 ? { say: 'S', go: true } : { say: 'E', end: true };
}
