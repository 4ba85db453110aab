import test from 'ava';
import { textsOfHosts } from '../../../collector/store/rows/texts.ts';
import fc from '../../helpers/properties.ts';

test('what is kept once for all says the same as what was parsed, host after host', (t) => {
  const newHost = textsOfHosts();
  fc.assert(
    fc.property(fc.array(fc.array(fc.json())), (hosts) => {
      for (const bodies of hosts) {
        const once = newHost();
        for (const body of bodies) t.deepEqual(once(JSON.parse(body)), JSON.parse(body));
      }
    }),
  );
  const once = newHost();
  const body = `{"__proto__":"x","issuer":"${'O=A'.repeat(200)}","list":["a",{"issuer":"CN=A","path":"CN=A"}],"none":null}`;
  t.is(JSON.stringify(once(JSON.parse(body))), body);
  for (let index = 0; index < 5_000; index += 1) {
    const one = { issuer: `CN=${index % 4_500}`, key: `CN=${index}` };
    t.deepEqual(once({ ...one }), one);
  }
});
