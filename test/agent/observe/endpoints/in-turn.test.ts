import test from 'ava';
import fc from '../../../helpers/properties.ts';
import { inTurn, keyOf, type Standing } from '../../../../agent/observe/endpoints/in-turn.ts';

const minute = 60_000;

function standing(name: string, addresses: string[], port: number): Standing {
  const [address = ''] = addresses;
  const listener = { address, port, defaultServer: false, proxyProtocol: false };
  return { target: { serverName: name, askedName: name, listener, addresses, deployments: [] }, rows: [] };
}

test('each look asks somebody at every address and port, and nobody is passed over twice', (t) => {
  const addresses = fc.uniqueArray(fc.constantFrom('127.0.0.1', '192.0.2.1', '::1'), { minLength: 1 });
  const target = fc.record({ addresses, port: fc.constantFrom(443, 8443) });
  fc.assert(
    fc.property(fc.array(target, { maxLength: 40 }), (hosts) => {
      const all = hosts.map(({ addresses: own, port }, index) => standing(`n${index}.example.test`, own, port));
      const placeOf = ({ target: { addresses: own, listener } }: Standing) =>
        own.map((one) => `${one} ${listener.port}`);
      const askedAt = new Map(all.map(({ target: one }) => [keyOf(one), { at: 0, addresses: one.addresses }]));
      for (let look = 1; look < 8; look++) {
        const asked = inTurn(all, askedAt, 5 * minute);
        t.deepEqual([...new Set(asked.flatMap(placeOf))].sort(), [...new Set(all.flatMap(placeOf))].sort());
        for (const { target: one } of asked) askedAt.set(keyOf(one), { at: look, addresses: one.addresses });
        if (look > 1) t.true([...askedAt.values()].every(({ at }) => at >= look - 1));
      }
    }),
    { numRuns: 60 },
  );
});

test('twenty names at one listener take turns by halves, and where looks are far apart each asks all', (t) => {
  const all = Array.from({ length: 20 }, (_, index) => standing(`n${index}`, ['127.0.0.1'], 443));
  const askedAt = new Map(all.map(({ target }) => [keyOf(target), { at: 0, addresses: target.addresses }]));
  t.is(inTurn(all, askedAt, 5 * minute).length, 10);
  t.is(inTurn(all, askedAt, 31 * minute).length, 20);
});
