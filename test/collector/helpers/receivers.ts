import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { mintChain } from '../../helpers/mint.ts';

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A web server that keeps what it is sent. `answer` writes each answer, or leaves it hanging; 200 "ok" unless told. */
export interface Receiver {
  url: string;
  received: Received[];
  answer: (response: ServerResponse, request: Received) => void;
}

export async function startReceiver(t: ExecutionContext): Promise<Receiver> {
  const receiver: Receiver = { url: '', received: [], answer: (response) => void response.end('ok') };
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        const { method = '', url: path = '', headers } = request;
        const one = { method, path, headers, body };
        receiver.received.push(one);
        receiver.answer(response, one);
      },
      () => {},
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  receiver.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return receiver;
}

export interface ReceivedMail {
  from: string;
  to: string[];
  user: string | undefined;
  secure: boolean;
  /** Headers and body as sent (RFC 5322). */
  text: string;
}

export interface MailReceiver {
  port: number;
  /** The PEM file's content that vouches for it. */
  ca: string;
  received: ReceivedMail[];
  /** Throws what it answers, or never returns; undefined: takes it. */
  take: (mail: ReceivedMail) => void | Promise<void>;
}

/** A real mail server on loopback with STARTTLS; who logs in has the password "canary-password". */
export async function startMailReceiver(t: ExecutionContext, options: SMTPServerOptions = {}): Promise<MailReceiver> {
  const { root, leaf, fullchain } = await mailIdentity();
  const receiver: MailReceiver = { port: 0, ca: root.pem, received: [], take: () => {} };
  const server = new SMTPServer({
    cert: fullchain,
    key: leaf.keyPem,
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      password === 'canary-password' ? done(null, { user: username }) : done(new Error('wrong password')),
    onData(stream, { envelope, user, secure }, done) {
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const to = envelope.rcptTo.map(({ address }) => address);
      const take = async () => {
        const mail = { from, to, user: typeof user === 'string' ? user : undefined, secure, text: await text(stream) };
        await receiver.take(mail);
        receiver.received.push(mail);
      };
      void take().then(
        () => setImmediate(done),
        (error: Error) => setImmediate(done, error),
      );
    },
    ...options,
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.teardown(() => new Promise<void>((resolve) => server.close(resolve)));
  const address = server.server.address();
  receiver.port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return receiver;
}

let identity: ReturnType<typeof mintChain> | undefined;

function mailIdentity() {
  identity ??= mintChain({ names: ['127.0.0.1', 'localhost'] });
  return identity;
}
