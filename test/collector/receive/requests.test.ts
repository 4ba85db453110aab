import { randomUUID } from 'node:crypto';
import type { RequestFrame } from '@certherd/protocol/frame';
import { looksSince } from '@certherd/protocol/version';
import test from 'ava';
import { listenOnStore } from '../helpers/listener-on-store.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const request: RequestFrame = {
  type: 'request',
  id: randomUUID(),
  verb: 'renew',
  subject: { kind: 'lineage', id: 'shop' },
  requester: 'ann',
  reason: 'the key leaked',
  withinSeconds: 60,
};

test('a request goes to an agent that knows requests, and to no older one or one that is gone', async (t) => {
  const { join: invite, sessions } = await listenOnStore(t);
  const agent = async (hostName: string, maxVersion: number) => {
    const join = await invite();
    const { agentId, key } = await enrol(join, hostName);
    const wire = await begin(join, { agentId, key }, { minVersion: 1, maxVersion });
    return { wire, session: sessions.current(agentId) };
  };

  const newer = await agent('web-1', 2);
  t.is(newer.wire.welcome.version, 2);
  t.true(newer.session?.ask(request));
  t.deepEqual(await newer.wire.next('request'), request);

  const older = await agent('web-2', 1);
  t.is(older.wire.welcome.version, 1, 'the version before is still spoken');
  t.false(older.session?.ask(request));

  newer.wire.close();
  await newer.wire.closed;
  t.false(newer.session?.ask(request));
});

test('a look that is wished for before the welcome is lost, and those after it are not', async (t) => {
  const { join: invite, sessions } = await listenOnStore(t);
  const wish = { host: '192.0.2.7', port: 443 };
  const { put } = sessions;
  let early: unknown;
  sessions.put = (session) => {
    const isPut = put(session);
    early = session.look(wish);
    return isPut;
  };
  const join = await invite();
  const { agentId, key } = await enrol(join, 'web-1');
  const wire = await begin(join, { agentId, key }, { maxVersion: looksSince });
  t.deepEqual(await early, { lost: 'gone' });
  const looked = sessions.current(agentId)?.look(wish);
  t.like(await wire.next('look'), wish);
  wire.close();
  t.deepEqual(await looked, { lost: 'gone' });
});
